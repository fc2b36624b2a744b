use proptest::prelude::*;

use super::*;
use crate::{ErrorKind, Subject};

fn mapping(source: &str, destination: &str) -> SubjectMapping {
    SubjectTransform::new(source, destination).unwrap().prepare().unwrap()
}

fn applied(source: &str, destination: &str, subject: &str) -> String {
    mapping(source, destination).apply(subject).unwrap()
}

fn function(function: &str, token: &str) -> String {
    let subject = format!("s.{token}.y");
    applied("s.*.*", &format!("t.{{{{{function}}}}}"), &subject).strip_prefix("t.").unwrap().to_owned()
}

#[test]
fn wildcards_are_named_by_their_number() {
    assert_eq!(applied("s.*.*", "t.$2.{{wildcard(1)}}", "s.a.b"), "t.b.a");
    assert_eq!(applied("s.*.*", "t.$2", "s.a.b"), "t.b");
    assert_eq!(applied("s.*", "t.{{ Wildcard( 1 ) }}", "s.a"), "t.a");
    assert_eq!(applied("s.a", "t.b", "s.a"), "t.b");
    assert_eq!(applied("s.*", "t.x$1.$x", "s.a"), "t.x$1.$x");
}

#[test]
fn the_rest_is_kept() {
    assert_eq!(applied("s.>", "t.>", "s.a.b"), "t.a.b");
    assert_eq!(applied(">", "t.>", "s.a"), "t.s.a");
    assert_eq!(applied("s.*.>", "t.$1.x.>", "s.a.b.c"), "t.a.x.b.c");
}

#[test]
fn what_does_not_match_is_not_renamed() {
    assert_eq!(mapping("s.*", "t.$1").apply("s.a.b"), None);
    assert_eq!(mapping("s.*", "t.$1").apply("t.a"), None);
}

/// All of this was measured on nats-server 2.15.1.
#[test]
fn tokens_are_cut_as_a_server_cuts_them() {
    for (call, expected) in [
        ("splitFromLeft(1,3)", ["abc.defgh", "ab", "-a-.b-", "--", "abc"]),
        ("SplitFromRight(1,3)", ["abcde.fgh", "ab", "-a.-b-", "--", "abc"]),
        ("sliceFromLeft(1,3)", ["abc.def.gh", "ab", "-a-.b-", "--", "abc"]),
        ("sliceFromRight(1,3)", ["ab.cde.fgh", "ab", "-a.-b-", "--", "abc"]),
        ("left(1,3)", ["abc", "ab", "-a-", "--", "abc"]),
        ("right(1,3)", ["fgh", "ab", "-b-", "--", "abc"]),
        ("split(1,-)", ["abcdefgh", "ab", "a.b", "", "abc"]),
    ] {
        for (token, expected) in ["abcdefgh", "ab", "-a-b-", "--", "abc"].iter().zip(expected) {
            assert_eq!(function(call, token), expected, "{call} of {token}");
        }
    }
}

/// All of this was measured on nats-server 2.15.1.
#[test]
fn partitions_are_those_of_a_server() {
    let subjects = ["s.abcdefgh.x", "s.ab.y", "s.-a-b-.z", "s.--.q", "s.abc.w", "s.日本語.v"];
    for (call, expected) in [
        ("partition(10,1,2)", ["5", "1", "5", "0", "0", "3"]),
        ("partition(10,2,1)", ["3", "3", "7", "2", "8", "9"]),
        ("partition(10)", ["2", "4", "4", "3", "1", "2"]),
    ] {
        for (subject, expected) in subjects.iter().zip(expected) {
            assert_eq!(
                applied("s.*.*", &format!("{{{{{call}}}}}"), subject),
                expected,
                "{call} of {subject}"
            );
        }
    }
    assert_eq!(applied("s.a", "t.{{partition(3)}}", "s.a"), "t.1");
}

#[test]
fn no_character_is_cut() {
    assert_eq!(function("left(1,2)", "日本"), "日本");
    assert_eq!(function("left(1,3)", "日本"), "日");
    assert_eq!(function("sliceFromLeft(1,2)", "日本"), "日本");
}

#[test]
fn a_destination_that_does_not_fit_is_refused() {
    for (source, destination) in [
        ("s.*", "t.{{wildcard(2)}}"),
        ("s.*", "t.$2"),
        ("s.*", "t.$0"),
        ("s.a", "t.$1"),
        ("s.*", "t.{{nope(1)}}"),
        ("s.*", "t.{{WILDCARD(1)}}"),
        ("s.*", "t.{{wildcard()}}"),
        ("s.*", "t.{{wildcard(1,2)}}"),
        ("s.*", "t.{{wildcard(-1)}}"),
        ("s.*", "t.{{wildcard}}"),
        ("s.*", "t.x{{wildcard(1)}}"),
        ("s.*", "t.{{split(1)}}"),
        ("s.*", "t.{{split(1,.)}}"),
        ("s.*", "t.{{split(1,)}}"),
        ("s.*", "t.{{left(1)}}"),
        ("s.*", "t.{{left(1,0)}}"),
        ("s.*", "t.{{partition(0,1)}}"),
        ("s.*", "t.{{partition(4294967295,1)}}"),
        ("s.*", "t.{{partition()}}"),
        ("s.a", "t.{{partition(3,1)}}"),
        ("s.*", "t.*"),
        ("s.*", "t.>"),
        ("s.>", "t"),
        ("s.>", "t.>.x"),
        ("s.*", "t..x"),
        ("s.*", "t x.$1"),
        ("s.*", ""),
        ("s.*", "$JS.x.$1"),
        ("s.*", "_INBOX.$1"),
    ] {
        let error = SubjectTransform::new(source, destination).unwrap().prepare().unwrap_err();
        assert_eq!((error.kind(), error.broker_code()), (ErrorKind::Config, Some(10156)), "{destination}");
        assert!(error.remedy().is_some());
    }
}

proptest! {
    #[test]
    fn no_destination_panics(destination in "(\\{\\{|\\}\\}|[a-zA-Z$.(),0-9*> -]){0,24}", subject in "[a-z-]{0,9}(\\.[a-z日-]{0,9}){0,3}") {
        for source in [">", "*", "*.*", "*.>", "a.*"] {
            if let Ok(mapping) = SubjectTransform::new(source, destination.clone()).unwrap().prepare() {
                let _ = mapping.apply(&subject);
            }
        }
    }

    #[test]
    fn naming_every_wildcard_in_order_changes_nothing(subject in "[a-z]{1,4}\\.[a-z]{1,4}\\.[a-z]{1,4}(\\.[a-z]{1,4}){1,3}") {
        prop_assert_eq!(&applied("*.*.*.>", "$1.{{wildcard(2)}}.$3.>", &subject), &subject);
    }

    #[test]
    fn cutting_loses_nothing(token in "[a-z]{1,20}", size in 1_usize..25) {
        for name in ["splitFromLeft", "splitFromRight", "sliceFromLeft", "sliceFromRight"] {
            let cut = function(&format!("{name}(1,{size})"), &token);
            prop_assert_eq!(cut.replace('.', ""), token.clone());
            prop_assert!(Subject::new(cut.clone()).is_ok(), "{}", cut);
            if name.starts_with("slice") {
                prop_assert!(cut.split('.').all(|piece| piece.len() <= size));
            }
        }
    }

    #[test]
    fn a_partition_is_below_its_count(subject in "[a-z]{1,4}\\.[a-z]{1,4}", buckets in 1_u32..100) {
        let partition: u32 = applied("*.*", &format!("{{{{partition({buckets},1)}}}}"), &subject).parse().unwrap();
        prop_assert!(partition < buckets);
    }
}
