//! Arguments that are checked: [`Valid`].

use garde::Validate;

use super::{FromMessage, Incoming, Json, Path};
use crate::worker::Failure;

/// A [`Json`] or a [`Path`] whose value keeps the rules that its type has by `garde::Validate`. A message that does
/// not goes to the dead letters at once, with the place and the rule of the first few faults, and never loops.
/// Feature `garde`.
///
/// ```
/// use garde::Validate;
/// use pubsub_core::worker::{Json, Router, Valid};
///
/// #[derive(serde::Deserialize, Validate)]
/// struct Completed {
///     #[garde(range(min = 1))]
///     fare_cents: u32,
///     #[garde(length(min = 1, max = 40), ascii)]
///     driver: String,
/// }
///
/// async fn completed(Valid(Json(ride)): Valid<Json<Completed>>) {
///     println!("{} gets {} cents", ride.driver, ride.fare_cents);
/// }
///
/// let router: Router = Router::new().route("ride.completed", completed)?;
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Valid<A>(pub A);

/// How many faults are named.
const NAMED: usize = 5;

impl<S, T> FromMessage<S> for Valid<Json<T>>
where
    Json<T>: FromMessage<S>,
    T: Validate<Context: Default>,
{
    fn from_message(incoming: &Incoming<'_>, state: &S) -> Result<Self, Failure> {
        let Json(value) = Json::<T>::from_message(incoming, state)?;
        check(&value, "the payload")?;
        Ok(Self(Json(value)))
    }
}

impl<S, T> FromMessage<S> for Valid<Path<T>>
where
    Path<T>: FromMessage<S>,
    T: Validate<Context: Default>,
{
    fn from_message(incoming: &Incoming<'_>, state: &S) -> Result<Self, Failure> {
        let Path(value) = Path::<T>::from_message(incoming, state)?;
        check(&value, "the subject")?;
        Ok(Self(Path(value)))
    }
}

fn check<T: Validate<Context: Default>>(value: &T, what: &str) -> Result<(), Failure> {
    let Err(report) = value.validate() else {
        return Ok(());
    };
    let faults = report.into_inner();
    let named = faults.iter().take(NAMED).map(|(path, fault)| format!("`{path}`: {fault}"));
    let mut reason = format!("{what} is invalid at {}", named.collect::<Vec<_>>().join(", at "));
    if faults.len() > NAMED {
        reason.push_str(&format!(", and {} more", faults.len() - NAMED));
    }
    Err(Failure::reject(reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Validate)]
    struct Row {
        #[garde(inner(range(max = 3)))]
        numbers: Vec<u32>,
    }

    #[test]
    fn the_first_faults_are_named_and_the_rest_counted() {
        check(&Row { numbers: vec![1, 2, 3] }, "the payload").unwrap();
        let failure = check(&Row { numbers: vec![1, 4] }, "the payload").unwrap_err();
        assert!(failure.is_final());
        assert_eq!(failure.reason(), "the payload is invalid at `numbers[1]`: greater than 3");
        let failure = check(&Row { numbers: vec![4; 7] }, "the payload").unwrap_err();
        assert!(failure.reason().ends_with(", and 2 more"), "{}", failure.reason());
    }
}
