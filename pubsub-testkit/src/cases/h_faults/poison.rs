//! Messages that end who handles them.

use pubsub_core::worker::Path;

use crate::check::{CaseResult, check, check_eq};
use crate::trial::{Notes, Trial};

/// The most processes that may die of one message.
const MOST_DEATHS: usize = 12;

/// H12: a message that ends its process each time it is handled is given up after so many deaths and is among the dead
/// letters; those beside it are handled.
pub(crate) async fn ends_among_the_dead_letters(trial: &Trial) -> CaseResult {
    let (work, begun, handled) = (trial.work().await?, Notes::new(), Notes::new());
    let router = || {
        let (begun, handled) = (begun.clone(), handled.clone());
        work.router(move |Path(number): Path<u32>| {
            begun.add(number);
            let handled = handled.clone();
            async move {
                if number == 2 {
                    // As far as its process lets it.
                    std::future::pending::<()>().await;
                }
                handled.add(number);
            }
        })
    };
    let binding =
        || CaseResult::Ok(work.binding(router()?)?.with_retry(work.retry().with_spare_deliveries(1)));
    for number in 1..=4 {
        work.publish(&number.to_string(), "x").await?;
    }
    let mut deaths = 0;
    loop {
        let worker = work.start(binding()?);
        let deaths_before = begun.all().iter().filter(|number| **number == 2).count();
        let next = || async {
            let began = begun.all().iter().filter(|number| **number == 2).count() > deaths_before;
            let given_up = worker.handle.status().bindings.iter().any(|binding| binding.dead_lettered == 1);
            Ok(began || given_up)
        };
        trial.eventually("the message comes again or is given up", next).await?;
        if worker.handle.status().bindings.iter().any(|binding| binding.dead_lettered == 1) {
            work.is_settled().await?;
            drop(worker.stop().await?);
            break;
        }
        worker.dies().await;
        deaths += 1;
        check!(deaths <= MOST_DEATHS, "{deaths} processes have died of the message, and it is not given up");
    }
    check!(deaths >= 2, "it was given up after {deaths} deaths");
    let letters: Vec<_> =
        work.dead_letters().await?.into_iter().map(|letter| letter.origin_sequence).collect();
    check_eq!(letters, [2], "the dead letters");
    let mut handled = handled.all();
    handled.sort_unstable();
    handled.dedup();
    check_eq!(handled, [1, 3, 4], "the others that were handled");
    work.consumer.drained();
    Ok(())
}
