//! What the compiler says of a function that is no handler: it names the function, what it may be, and what it may return.
//! After a change that is meant, `TRYBUILD=overwrite cargo test -p pubsub-core --test handler_messages` writes the files anew.

#[test]
fn a_function_that_is_no_handler_is_told_why() {
    trybuild::TestCases::new().compile_fail("tests/handler_messages/*.rs");
}
