//! How long things take.

use std::time::Duration;

use tokio::time::Instant;

use crate::check::{CaseResult, check};
use crate::trial::Trial;

/// The value that so many percent of the durations do not exceed.
fn percentile(durations: &[Duration], percent: usize) -> Duration {
    let place = (durations.len() * percent).div_ceil(100).saturating_sub(1);
    durations.get(place).copied().unwrap_or_default()
}

/// L6: how long a publish, a fetch and the whole way take can be measured over the traits that applications use, with
/// percentiles; and no message takes longer than others would wait for it. (Rates and comparisons are the benchmarks'.)
pub(crate) async fn measured(trial: &Trial) -> CaseResult {
    const COUNT: usize = 100;
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    let (mut publish, mut consume, mut whole) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..COUNT {
        let began = Instant::now();
        trial.publish("a", number.to_string()).await?;
        let stored = Instant::now();
        consumer.next().await?.ack().await?;
        publish.push(stored - began);
        consume.push(stored.elapsed());
        whole.push(began.elapsed());
    }
    for (what, durations) in
        [("publish", &mut publish), ("consume", &mut consume), ("the whole way", &mut whole)]
    {
        durations.sort_unstable();
        let [half, most, longest] = [50, 99, 100].map(|percent| percentile(durations, percent));
        check!(
            half <= most && most <= longest,
            "{what}: {half:?}, {most:?} and {longest:?} are no percentiles"
        );
        check!(
            longest < trial.ack_wait() * 4 + trial.slack(),
            "{what} took {longest:?}; half of all took {half:?}"
        );
    }
    check!(
        percentile(&whole, 100)
            <= percentile(&publish, 100) + percentile(&consume, 100) + Duration::from_secs(1),
        "the whole way takes longer than its parts"
    );
    consumer.stays_silent("a").await?;
    consumer.drained();
    Ok(())
}
