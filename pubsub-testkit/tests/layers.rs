//! The layers that come with the core keep every promise of the backend below them: the whole suite runs through each.

use std::time::Duration;

use pubsub_core::{OnPublish, SubjectPrefix};
use pubsub_testkit::{Harness, Layered, MemoryHarness};

mod subject_prefix {
    use super::{Harness, Layered, MemoryHarness, SubjectPrefix};

    fn harness() -> pubsub_core::Result<impl Harness> {
        let layer = SubjectPrefix::new("staging.eu")?;
        Ok(Layered::new(MemoryHarness::new(), move |client| client.with_layer(layer.clone())))
    }

    pubsub_testkit::suite!(harness());
}

mod on_publish {
    use super::{Harness, Layered, MemoryHarness, OnPublish};

    fn harness() -> impl Harness {
        // One that panics shows that the publish does not depend on it.
        let layer = OnPublish::new(|event| assert!(event.outcome.is_ok(), "a hook may panic"));
        Layered::new(MemoryHarness::new(), move |client| client.with_layer(layer.clone()))
    }

    pubsub_testkit::suite!(harness());
}

mod both {
    use super::{Duration, Harness, Layered, MemoryHarness, OnPublish, SubjectPrefix};

    const HOUR: Duration = Duration::from_secs(3600);

    fn harness() -> pubsub_core::Result<impl Harness> {
        let prefix = SubjectPrefix::new("staging")?;
        let hook = OnPublish::new(|event| assert!(event.latency < HOUR, "the clock of the layer is tokio's"));
        Ok(Layered::new(MemoryHarness::new(), move |client| {
            client.with_layer(prefix.clone()).with_layer(hook.clone())
        }))
    }

    pubsub_testkit::suite!(harness());
}

mod faults_without_rules {
    use super::{Harness, Layered, MemoryHarness};

    fn harness() -> impl Harness {
        let layer = pubsub_testkit::fault_layer::FaultLayer::from_seed(0);
        Layered::new(MemoryHarness::new(), move |client| client.with_layer(layer.clone()))
    }

    pubsub_testkit::suite!(harness());
}
