//! [`suite!`](crate::suite): one `#[test]` per case.

/// Makes one `#[test]` for each case of the catalogue, named by its id and what it proves
/// (`a1_payload_and_headers_round_trip`). The expression makes a fresh [`Harness`](crate::Harness), or a `Result` with
/// one; it is evaluated once per case.
///
/// This is a backend's whole conformance file:
///
/// ```
/// //! The shared conformance suite.
/// # #[cfg(feature = "memory")] mod whole_file {
/// use pubsub_testkit::MemoryHarness;
///
/// pubsub_testkit::suite!(MemoryHarness::new());
/// # }
/// ```
///
/// A case that the backend cannot run prints its reason; use [`run_suite`](crate::run_suite) for a report of all.
#[macro_export]
macro_rules! suite {
    ($harness:expr $(,)?) => {
        $crate::for_each_case! { [$crate::__suite_tests] ($harness) }
    };
}

/// The tests of [`suite!`].
#[doc(hidden)]
#[macro_export]
macro_rules! __suite_tests {
    (($harness:expr) $($id:literal $test:ident = $($path:ident)::+ [$($need:ident)*];)+) => {
        $(
            #[test]
            fn $test() {
                $crate::run_as_test(::core::stringify!($test), || $harness);
            }
        )+
    };
}
