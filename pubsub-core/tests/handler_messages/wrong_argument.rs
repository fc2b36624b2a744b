use pubsub_core::worker::Router;

async fn completed(_cents: u32) {}

fn main() {
    let _router: pubsub_core::Result<Router> = Router::new().route("ride.completed", completed);
}
