use pubsub_core::{ErrorKind, Limit};
use pubsub_topology::{Format, Source, Topology};

const TOML: &str = r#"
    [defaults.stream]
    duplicate_window = "5m"
    [defaults.consumer]
    ack_wait = "10s"

    [streams.RIDE]
    subjects = ["ride.>"]
    max_age = "7d"
    publish_retry = "1m"

    [streams.RIDE.consumers.billing]
    services = ["billing"]
    filters = ["ride.completed"]
    ack_wait = "20s"

    [streams.RIDE.consumers.audit]
    max_deliver = "unlimited"

    [services.rides]
    publishes = ["ride.completed"]
"#;

const YAML: &str = r#"
defaults:
  stream: { duplicate_window: 5m }
  consumer: { ack_wait: 10s }
streams:
  RIDE:
    subjects: ["ride.>"]
    max_age: 7d
    publish_retry: 1m
    consumers:
      billing: { services: [billing], filters: [ride.completed], ack_wait: 20s }
      audit: { max_deliver: unlimited }
services:
  rides: { publishes: [ride.completed] }
"#;

const JSON: &str = r#"{
    "defaults": {"stream": {"duplicate_window": "5m"}, "consumer": {"ack_wait": "10s"}},
    "streams": {"RIDE": {
        "subjects": ["ride.>"], "max_age": "7d", "publish_retry": "1m",
        "consumers": {
            "billing": {"services": ["billing"], "filters": ["ride.completed"], "ack_wait": "20s"},
            "audit": {"max_deliver": "unlimited"}
        }
    }},
    "services": {"rides": {"publishes": ["ride.completed"]}}
}"#;

fn sorted(mut topology: Topology) -> Topology {
    for stream in &mut topology.streams {
        stream.consumers.sort_by_key(|consumer| consumer.config.name.clone());
    }
    topology
}

#[test]
fn the_three_formats_say_the_same() {
    let read = |format, text| sorted(Topology::parse(format, text).expect("it can be read"));
    let topology = read(Format::Toml, TOML);
    assert_eq!(read(Format::Yaml, YAML), topology);
    assert_eq!(read(Format::Json, JSON), topology);
    let ride = topology.stream("RIDE").expect("it is declared");
    assert_eq!(ride.config.duplicate_window.map(|window| window.as_secs()), Some(300));
    let [audit, billing] = &ride.consumers[..] else { panic!("{:?}", ride.consumers) };
    assert_eq!((audit.config.ack_wait.as_secs(), audit.config.max_deliver), (10, Limit::Unlimited));
    assert_eq!((billing.config.ack_wait.as_secs(), &billing.services[..]), (20, &["billing".to_owned()][..]));
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    for (text, at, word) in [
        ("[streams.RIDE]\nsubject = ['a']", "streams.RIDE", "unknown field `subject`"),
        ("[streams.RIDE]\nsubjects = ['a b']", "streams.RIDE.subjects[0]", "whitespace"),
        ("[streams.RIDE]\nsubjects = ['a']\nmax_age = 5", "streams.RIDE.max_age", "unit"),
        ("[streams.RIDE]", "streams.RIDE", "missing field `subjects`"),
        ("[streams.'RIDE.X']\nsubjects = ['a']", "streams.RIDE.X.name", "name"),
        ("[streams.RIDE]\nname = 'R'\nsubjects = ['a']", "streams.RIDE", "its key is its name"),
        (
            "[streams.R]\nsubjects = ['a']\n[streams.R.consumers.c]\nfilter = ['a']",
            "streams.R.consumers.c",
            "unknown field",
        ),
        (
            "[streams.R]\nsubjects = ['a']\n[streams.R.consumers.c]\nprefetch = 'x'",
            "streams.R.consumers.c.prefetch",
            "u32",
        ),
        ("[stream.R]\nsubjects = ['a']", "stream", "unknown field `stream`"),
        ("streams = 5", "streams", "map"),
        ("[services.s]\npublish = []", "services.s.publish", "unknown field"),
        ("[templates.t]\nname = 'T'\nsubjects = []", "templates.t", "for"),
    ] {
        let error = Topology::parse(Format::Toml, text).expect_err(text);
        assert_eq!(error.kind(), ErrorKind::Config, "{text}");
        assert!(error.context("at").is_some_and(|place| place.starts_with(at)), "{text}: {error}");
        assert!(error.to_string().contains(word), "{text}: {error}");
    }
}

#[test]
fn broken_text_is_said_with_its_line() {
    for (format, text) in [
        (Format::Toml, "[streams.RIDE]\nsubjects = [\n"),
        (Format::Json, "{\n\"streams\": ,}"),
        (Format::Yaml, "streams:\n  RIDE: [\n"),
    ] {
        let error = Topology::parse(format, text).expect_err(text);
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.context("line").is_some(), "{error}");
    }
}

#[test]
fn the_environment_is_laid_over_the_file() {
    let read = |variables: &[(&str, &str)]| {
        Source::text(Format::Toml, TOML)?.with_variables("T", variables.iter().copied())?.read()
    };
    let topology = read(&[
        ("T__STREAMS__RIDE__MAX_AGE", "1h"),
        ("T__STREAMS__RIDE__REPLICAS", "3"),
        ("T__STREAMS__RIDE__SUBJECTS", r#"["ride.*"]"#),
        ("T__STREAMS__RIDE__CONSUMERS__BILLING__ACK_WAIT", "1m"),
        ("T__DEFAULTS__CONSUMER__MAX_ACK_PENDING", "7"),
    ])
    .expect("it can be read");
    let ride = topology.stream("RIDE").expect("it is declared");
    assert_eq!((ride.config.max_age.to_string(), ride.config.replicas), ("1h".to_owned(), 3));
    assert_eq!(ride.config.subjects[0], "ride.*");
    let billing = ride.consumers.iter().find(|one| one.services == ["billing"]).expect("it is declared");
    assert_eq!((billing.config.ack_wait.as_secs(), billing.config.max_ack_pending), (60, Limit::At(7)));
    assert!(read(&[("T__STREAMS__OTHER__MAX_AGE", "1h")]).is_err());
    assert!(read(&[("T__STREAMS__RIDE__MAX_AG", "1h")]).is_err());
}

#[test]
fn a_template_makes_a_stream_for_each_value_and_for_later_ones() {
    let text = r#"
        [templates.customer]
        name = "CUSTOMER_{tenant}"
        for = { tenant = ["acme", "globex"] }
        subjects = ["customers.{tenant}.>"]
        [templates.customer.consumers]
        "customer_{tenant}_billing" = { services = ["billing"], filters = ["customers.{tenant}.billed"] }
    "#;
    let topology = Topology::parse(Format::Toml, text).expect("it can be read");
    let names: Vec<_> = topology.streams.iter().map(|stream| stream.config.name.to_string()).collect();
    assert_eq!(names, ["CUSTOMER_acme", "CUSTOMER_globex"]);
    let template = topology.template("customer").expect("it is declared");
    let late = template.stream_for("initech").expect("it can be made");
    assert_eq!(
        late.consumers[0].config.name.as_ref().map(ToString::to_string).as_deref(),
        Some("customer_initech_billing")
    );
    assert_eq!(late.consumers[0].config.filters[0], "customers.initech.billed");
    for value in ["", "a.b", "a b", "*", ">", "a>"] {
        assert_eq!(template.stream_for(value).expect_err(value).kind(), ErrorKind::InvalidInput);
    }
}

#[test]
fn a_template_whose_streams_would_be_one_is_refused() {
    for fields in [
        "name = 'CUSTOMER'\nsubjects = ['c.{tenant}.>']",
        "name = 'C_{tenant}'\nsubjects = ['c.{tenant}.>', 'all.>']",
        "name = 'C_{tennant}'\nsubjects = ['c.{tenant}.>']",
    ] {
        let text = format!("[templates.t]\nfor = {{ tenant = ['a'] }}\n{fields}");
        let error = Topology::parse(Format::Toml, &text).expect_err(fields);
        assert!(error.remedy().is_some_and(|remedy| remedy.contains("{tenant}")), "{error}");
    }
}

#[test]
fn a_service_needs_its_own_consumers_and_their_streams() {
    let text = r#"
        [streams.RIDE]
        subjects = ["ride.>"]
        [streams.RIDE.consumers]
        billing = { services = ["billing"], dead_letters = "LETTERS" }
        other = { services = ["other"] }
        [streams.BILLS]
        subjects = ["bill.>"]
        [streams.LETTERS]
        subjects = ["letters.>"]
        [streams.UNRELATED]
        subjects = ["unrelated.>"]
        [services.billing]
        publishes = ["bill.made"]
    "#;
    let own = Topology::parse(Format::Toml, text).expect("it can be read").of_service("billing");
    let mut names: Vec<_> = own.streams.iter().map(|stream| stream.config.name.to_string()).collect();
    names.sort_unstable();
    assert_eq!(names, ["BILLS", "LETTERS", "RIDE"]);
    assert_eq!(own.stream("RIDE").expect("it reads it").consumers.len(), 1);
}
