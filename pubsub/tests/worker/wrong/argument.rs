//! A number is not made of a message.

use pubsub::worker::Router;

async fn completed(_fare: f64) {}

fn main() -> pubsub::Result<()> {
    let _: Router = Router::new().route("ride.done", completed)?;
    Ok(())
}

//~ error[E0277]: `fn(f64)
//~ is no handler of messages
//~ not an async function whose arguments can be extracted
//~ note: a handler is `async`, takes up to eight arguments that implement `FromMessage` (`Json<T>`, `Path<T>`, `State<T>`, ...), and returns what implements `IntoResponse`
