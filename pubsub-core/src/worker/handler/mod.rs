//! What runs for each message: [`Handler`], and what it returns.

mod batch;
mod failure;
mod verdict;

use std::future::Future;

use futures::future::BoxFuture;

pub(crate) use batch::{BatchCall, ErasedBatch, ErasedBatchOf};
pub use batch::{BatchHandler, BatchLimits, IntoVerdicts, Verdicts};
pub use failure::Failure;
pub(crate) use failure::Wanted;
pub use verdict::{IntoResponse, Response, Verdict};

use super::extract::{FromMessage, Incoming};

/// An async function of up to eight arguments, each of which is [extracted](FromMessage) from the message; it returns
/// what is [a response](IntoResponse). Implemented for such functions and closures; do not implement it.
///
/// ```
/// use pubsub_core::worker::{Failure, Json, Path, Router};
///
/// #[derive(serde::Deserialize)]
/// struct Completed {
///     fare_cents: u32,
/// }
///
/// async fn completed(Path(ride): Path<String>, Json(event): Json<Completed>) -> Result<(), Failure> {
///     println!("{ride} cost {}", event.fare_cents);
///     Ok(())
/// }
///
/// let router: Router = Router::new().route("ride.{ride_id}.completed", completed)?;
/// # Ok::<(), pubsub_core::Error>(())
/// ```
///
/// What is no handler does not compile, and the compiler says what one is:
///
/// ```compile_fail,E0277
/// # use pubsub_core::worker::Router;
/// async fn completed(_cents: u32) {}
///
/// // error[E0277]: `fn(u32) -> impl Future<Output = ()> {completed}` is no handler of messages
/// let router: Router = Router::new().route("ride.completed", completed)?;
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no handler of messages",
    label = "not an async function whose arguments can be extracted",
    note = "a handler is `async`, takes up to eight arguments that implement `FromMessage` (`Json<T>`, `Path<T>`, `State<T>`, ...), and returns what implements `IntoResponse`"
)]
pub trait Handler<Arguments, S>: Clone + Send + Sync + 'static {
    /// Extracts the arguments and begins to run. The future owns all it needs.
    fn call(&self, incoming: &Incoming<'_>, state: &S) -> BoxFuture<'static, Response>;
}

/// A handler whose arguments are known no more.
pub(crate) trait ErasedHandler<S>: Send + Sync {
    fn call(&self, incoming: &Incoming<'_>, state: &S) -> BoxFuture<'static, Response>;
}

/// Keeps the arguments' types in the type, so that one function type can be a handler of one list of arguments only.
pub(crate) struct Erased<H, Arguments> {
    handler: H,
    arguments: std::marker::PhantomData<fn() -> Arguments>,
}

impl<H, Arguments> Erased<H, Arguments> {
    pub(crate) fn new(handler: H) -> Self {
        Self { handler, arguments: std::marker::PhantomData }
    }
}

impl<H, Arguments, S> ErasedHandler<S> for Erased<H, Arguments>
where
    H: Handler<Arguments, S>,
    Arguments: 'static,
{
    fn call(&self, incoming: &Incoming<'_>, state: &S) -> BoxFuture<'static, Response> {
        self.handler.call(incoming, state)
    }
}

/// What could not be extracted is the handler's response.
fn refused(failure: Failure) -> BoxFuture<'static, Response> {
    Box::pin(std::future::ready(failure.into_response()))
}

macro_rules! handlers {
    ($($argument:ident),*) => {
        #[allow(non_snake_case, reason = "a type's name names its value too")]
        impl<F, Fut, Out, S, $($argument,)*> Handler<($($argument,)*), S> for F
        where
            F: Fn($($argument,)*) -> Fut + Clone + Send + Sync + 'static,
            Fut: Future<Output = Out> + Send + 'static,
            Out: IntoResponse,
            $($argument: FromMessage<S>,)*
        {
            #[allow(unused_variables, reason = "a handler without arguments needs neither")]
            fn call(&self, incoming: &Incoming<'_>, state: &S) -> BoxFuture<'static, Response> {
                $(let $argument = match $argument::from_message(incoming, state) {
                    Ok(argument) => argument,
                    Err(failure) => return refused(failure),
                };)*
                let running = self($($argument,)*);
                Box::pin(async move { running.await.into_response() })
            }
        }
    };
}

handlers!();
handlers!(A);
handlers!(A, B);
handlers!(A, B, C);
handlers!(A, B, C, D);
handlers!(A, B, C, D, E);
handlers!(A, B, C, D, E, G);
handlers!(A, B, C, D, E, G, H);
handlers!(A, B, C, D, E, G, H, I);
