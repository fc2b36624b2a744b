use std::time::Duration;

use proptest::prelude::*;
use secrecy::ExposeSecret as _;

use super::*;
use crate::ErrorKind;
use crate::config::Limit;

const CANARY: &str = "c4n4ry";

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Options {
    #[serde(with = "crate::config::duration")]
    request_timeout: Duration,
    max_pending: Option<Limit<u32>>,
    tls: bool,
}

fn password(url: &str) -> (String, String) {
    match ConnectUrl::parse(url).unwrap().user_info() {
        Some(UserInfo::Password { user, password }) => (user.clone(), password.expose_secret().to_owned()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_part_is_read() {
    let url = ConnectUrl::parse("NATS://u:p@a:4222,[::1]:4223,b/some%20path?tls=true").unwrap();
    assert_eq!(url.scheme(), "nats");
    assert_eq!(url.hosts(), ["a:4222", "[::1]:4223", "b"]);
    assert_eq!(url.path(), "/some path");
    assert!(url.options::<Options>().unwrap().tls);
}

#[test]
fn a_url_without_hosts_is_fine() {
    for text in ["memory://", "memory:///", "memory://?tls=true"] {
        assert!(ConnectUrl::parse(text).unwrap().hosts().is_empty(), "{text}");
    }
}

#[test]
fn the_scheme_may_be_repeated_for_each_host() {
    let url = ConnectUrl::parse("nats://u:p@a:4222,nats://b,nats://c:1/x").unwrap();
    assert_eq!(url.hosts(), ["a:4222", "b", "c:1"]);
    assert_eq!(url.to_string(), "nats://***@a:4222,b,c:1/x");
}

#[test]
fn credentials_are_percent_decoded() {
    assert_eq!(password("nats://us%40er:p%3A%2Fw:x@h"), ("us@er".to_owned(), "p:/w:x".to_owned()));
}

#[test]
fn credentials_without_a_colon_are_a_token() {
    let url = ConnectUrl::parse("nats://t0ken@h").unwrap();
    assert!(matches!(url.user_info(), Some(UserInfo::Token(token)) if token.expose_secret() == "t0ken"));
}

#[test]
fn nothing_printed_holds_the_credentials() {
    for text in [
        "nats://c4n4ry:c4n4ry@h:4222",
        "nats://c4n4ry@h",
        "nats://u:c4n4ry@a,b/path?x=1",
        "nats://h?password=c4n4ry",
        "nats://h?c4n4ry",
        "nats://h?tls=true&c4n4ry&x=1",
        "nats://h/path?&c4n4ry",
        "nats://u:%634n4ry@h",
    ] {
        let url = ConnectUrl::parse(text).unwrap();
        let options = url.options::<Options>().map_err(|error| format!("{error} {error:?}"));
        let printed = format!("{url} {url:?} {:?} {options:?}", url.user_info());
        assert!(!printed.contains(CANARY), "{printed}");
    }
}

#[test]
fn no_error_holds_the_credentials() {
    for text in [
        "c4n4ry",
        "c4n4ry@h",
        "c4n4ry:c4n4ry@h",
        "c4n4ry c4n4ry://h",
        "nats://u:c4n4ry",
        "nats://u:c4n4ry@",
        "nats://u:c4n4ry@h:99999",
        "nats://u:c4n4ry@h:c4n4ry",
        "nats://u:c4n4ry/@h",
        "nats://u:1/c4n4ry@h",
        "nats://u:1?c4n4ry@h",
        "nats://u:1#c4n4ry@h",
        "nats://u:c4n@4ry-c4n4ry@h",
        "nats://u:c4n4ry@a,u:c4n4ry@b",
        "nats://u:c4n4ry@a,nats://u:c4n4ry@b",
        "nats://u:c4n4ry%zz@h",
        "nats://u:c4n4ry%ff@h",
        "nats://:c4n4ry@h",
        "nats://u:c4n4ry@[c4n4ry]",
        "nats://u:c4n4ry\n@h",
        "nats://h/%zz#c4n4ry",
        "nats://h/c4n4ry%zz",
        "nats://h/c4n4ry%ff",
        "nats://h?name=c4n4ry%zz",
        "nats://h?c4n4ry%ff",
    ] {
        let error = ConnectUrl::parse(text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{text}");
        assert_eq!(error.context("field"), Some("url"), "{text}");
        assert!(error.remedy().is_some(), "{text}: {error}");
        let printed = format!("{error} {error:?}");
        assert!(!printed.contains(CANARY) && !printed.contains("4ry"), "{printed}");

        let json = serde_json::to_string(text).unwrap();
        let error = serde_json::from_str::<ConnectUrl>(&json).unwrap_err().to_string();
        assert!(!error.contains(CANARY), "{error}");
    }
}

#[test]
fn broken_hosts_are_refused_by_number() {
    for (text, number) in [
        ("nats://a,,b", "host 2"),
        ("nats://a:0", "host 1"),
        ("nats://a:+1", "host 1"),
        ("nats://a:", "host 1"),
        ("nats://::1", "host 1"),
        ("nats://[::1", "host 1"),
        ("nats://[::1]x", "host 1"),
        ("nats://ä", "host 1"),
        ("nats://u:p@", "host 1"),
        ("nats://a,nats://", "host 2"),
    ] {
        let error = ConnectUrl::parse(text).unwrap_err();
        assert!(error.to_string().contains(number), "{text}: {error}");
        assert!(error.remedy().is_some(), "{text}");
    }
}

#[test]
fn an_unknown_option_is_refused_and_the_known_ones_are_listed() {
    let url = ConnectUrl::parse("nats://h?tls=true&request_timeuot=2s").unwrap();
    let error = url.options::<Options>().unwrap_err().to_string();
    assert!(error.contains("`request_timeuot`"), "{error}");
    assert!(error.contains("`request_timeout`"), "{error}");
}

#[test]
fn a_refused_value_names_its_option() {
    for (text, option) in [
        ("nats://h?request_timeout=2", "request_timeout"),
        ("nats://h?tls=perhaps", "tls"),
        ("nats://h?max_pending=-1", "max_pending"),
        ("nats://h?tls=true&tls=false", "tls"),
    ] {
        let error = ConnectUrl::parse(text).unwrap().options::<Options>().unwrap_err();
        assert_eq!(error.context("option"), Some(option), "{error}");
        assert_eq!(error.kind(), ErrorKind::Config);
    }
}

#[test]
fn an_option_without_a_value_is_refused_by_number_and_not_printed() {
    let url = ConnectUrl::parse("nats://h?tls=true&c4n4ry").unwrap();
    assert_eq!(url.to_string(), "nats://h?tls=***&***");
    let error = url.options::<Options>().unwrap_err();
    assert!(error.message().contains("option 2"), "{error}");
    assert!(error.remedy().is_some_and(|remedy| remedy.contains("name=value")));
}

#[test]
fn broken_percent_encoding_in_an_option_is_refused() {
    for text in
        ["nats://h?name=%zz", "nats://h?name=%", "nats://h?name=%f", "nats://h?name=%ff", "nats://h?%zz=1"]
    {
        let error = ConnectUrl::parse(text).unwrap_err();
        assert!(error.message().contains("option"), "{text}: {error}");
        assert!(error.remedy().is_some_and(|remedy| remedy.contains("%25")), "{text}");
    }
    assert!(ConnectUrl::parse("nats://h?name=100%25").is_ok());
}

#[test]
fn every_kind_of_string_and_a_reference_convert() {
    fn convert(url: impl TryInto<ConnectUrl, Error: Into<Error>>) -> Result<String> {
        url.try_into().map(|url| url.to_string()).map_err(Into::into)
    }
    let text = String::from("nats://a:4222");
    let url = ConnectUrl::parse(&text).unwrap();
    for shown in [convert(text.as_str()), convert(&text), convert(text.clone()), convert(&url), convert(url)]
    {
        assert_eq!(shown.unwrap(), text);
    }
    assert!(convert("a").is_err());
}

#[test]
fn options_are_decoded_and_default_without_a_query() {
    let url = ConnectUrl::parse("nats://h?request_timeout=1m%2030s&max_pending=unlimited").unwrap();
    let expected = Options {
        request_timeout: Duration::from_secs(90),
        max_pending: Some(Limit::Unlimited),
        ..Options::default()
    };
    assert_eq!(url.options::<Options>().unwrap(), expected);
    assert_eq!(ConnectUrl::parse("nats://h").unwrap().options::<Options>().unwrap(), Options::default());
}

proptest! {
    #[test]
    fn no_text_panics(text in ".*") {
        if let Ok(url) = ConnectUrl::parse(&text) {
            let _ = url.options::<Options>();
        }
    }

    #[test]
    fn nothing_like_a_url_panics_or_tells_its_password(
        before in "[a-z:@/?#%,.\\[\\]0-9]{0,12}",
        after in "[a-z:@/?#%,.\\[\\]0-9=&]{0,24}",
    ) {
        // The canary stands where a password would: between a colon and an `@`.
        let text = format!("nats://u:{before}c4n4ry@{after}");
        let printed = match ConnectUrl::parse(&text) {
            Ok(url) => format!("{url} {url:?} {:?}", url.options::<Options>()),
            Err(error) => format!("{error} {error:?}"),
        };
        prop_assert!(!printed.contains(CANARY), "{}", printed);
    }

    #[test]
    fn what_is_printed_parses_again(hosts in proptest::collection::vec("[a-z]{1,8}(:[1-9][0-9]{0,3})?", 0..4)) {
        let text = format!("nats://{}", hosts.join(","));
        let url = ConnectUrl::parse(&text).unwrap();
        prop_assert_eq!(url.hosts(), &hosts[..]);
        let again = ConnectUrl::parse(&url.to_string()).unwrap();
        prop_assert_eq!(again.hosts(), &hosts[..]);
    }
}
