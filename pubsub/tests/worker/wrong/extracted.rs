//! What a layer of extraction asks for cannot be made of a message.

use pubsub::worker::FromMessage;

fn extracted<T: FromMessage<()>>() {}

fn main() {
    extracted::<Option<f64>>();
}

//~ error[E0277]: `f64` cannot be extracted from a message
//~ not an argument that a handler may have
//~ note: use `Json<T>`, `Path<T>`, `State<T>`, `Headers`, `DeliveryInfo`, `Attempt`, `Bytes`, `WorkerHandle` or a tuple of them, or implement `FromMessage`
