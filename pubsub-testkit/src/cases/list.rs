//! The one list of cases, from which both [`CASES`](super::CASES) and [`suite!`](crate::suite) are made.

/// Calls a macro with some arguments and then all cases. A line is: the id in the catalogue, the name of the test, the
/// function below `cases`, and the capabilities that the case needs.
#[doc(hidden)]
#[macro_export]
macro_rules! for_each_case {
    ([$($callback:tt)+] $($arguments:tt)*) => {
        $($callback)+! {
            $($arguments)*
            "A1" a1_payload_and_headers_round_trip = a_publish::round_trip::payload_and_headers [];
            "A2" a2_payload_sizes_up_to_the_limit = a_publish::round_trip::payload_sizes [];
            "A3" a3_payload_that_is_not_text = a_publish::round_trip::payload_that_is_not_text [];
            "A4" a4_strange_headers_and_illegal_ones = a_publish::headers::strange_and_illegal [];
            "A5" a5_header_values_keep_their_order = a_publish::headers::values_keep_their_order [];
            "A7" a7_subjects_do_not_mix = a_publish::subjects::do_not_mix [];
            "A8" a8_same_payload_twice_is_two_messages = a_publish::subjects::same_payload_twice [];
            "A9" a9_concurrent_publishers_lose_nothing = a_publish::concurrency::publishers [];
            "A10" a10_concurrent_create_publish_consume = a_publish::concurrency::subjects [];
            "A11" a11_receipts_tell_stream_sequence_duplicate = a_publish::receipts::tell_where [];
            "A15" a15_publish_without_a_stream_is_not_found = a_publish::receipts::without_a_stream [];
            "A19" a19_subject_grammar_and_wildcards = a_publish::subjects::grammar [];

            "B1" b1_ack_ends_redelivery = b_settle::ack::ends_redelivery [];
            "B2" b2_nak_redelivers = b_settle::nak::redelivers [];
            "B3" b3_nak_delay_is_kept = b_settle::nak::delay_is_kept [NakDelay];
            "B4" b4_term_ends_redelivery = b_settle::term::ends_redelivery [Term];
            "B5" b5_extend_keeps_the_lease = b_settle::ack_wait::extend_keeps_the_lease [Extend];
            "B6" b6_ack_wait_expiry_redelivers = b_settle::ack_wait::expiry_redelivers [];
            "B8" b8_second_settlement_is_harmless = b_settle::ack::second_settlement_is_harmless [];
            "B9" b9_dropped_delivery_comes_again_once = b_settle::ack_wait::dropped_delivery_comes_again_once [];
            "B13" b13_confirmed_settle_after_deletion_fails = b_settle::ack::confirmed_after_deletion [ConfirmedSettlement];

            "C1" c1_attempts_count_and_persist = c_retry::attempts::count_and_persist [];
            "C2" c2_max_deliver_is_the_number_of_attempts = c_retry::max_deliver::is_the_number_of_attempts [];
            "C3" c3_max_deliver_of_zero_is_refused = c_retry::max_deliver::zero_is_refused [];

            "D1" d1_durable_resumes_at_the_first_unacked = d_consume::resume::at_the_first_unacked [];
            "D2" d2_durable_outlives_its_client = d_consume::resume::after_the_client_closed [];
            "D3" d3_competing_members_share_the_work = d_consume::sharing::one_member_each [];
            "D4" d4_fan_out_to_two_durables = d_consume::sharing::fan_out [];
            "D6" d6_filters_are_respected = d_consume::filters::are_respected [];
            "D9" d9_consumers_start_where_they_should = d_consume::start::at_the_policys_place [StartPosition];
            "D14" d14_pull_returns_what_there_is = d_consume::pull::returns_what_there_is [];

            "E1" e1_limits_discard_old_or_new = e_retention::limits::discard_old_and_new [StreamLimits DiscardNew];
            "E2" e2_interest_keeps_until_all_have_settled = e_retention::interest::until_all_have_settled [InterestRetention];
            "E3" e3_work_queue_keeps_until_acked = e_retention::work_queue::until_it_is_acked [WorkQueueRetention];
            "E5" e5_message_id_is_stored_once_per_window = e_retention::dedup::once_per_window [MessageId];

            "F1" f1_order_is_that_of_publishing = f_flow::order::is_that_of_publishing [];
            "F5" f5_max_ack_pending_bounds_what_is_unsettled = f_flow::max_ack_pending::bounds_what_is_unsettled [MaxAckPending];

            "G1" g1_close_twice_and_use_afterwards = g_lifecycle::close::twice_and_used_afterwards [];
            "G4" g4_cancelled_calls_lose_nothing = g_lifecycle::cancel::fetch_and_publish [];
            "G5" g5_cancelled_subscription_leaves_the_rest = g_lifecycle::cancel::subscription [];

            "J1" j1_create_is_idempotent_or_refused = j_admin::create::idempotent_or_refused [];
            "J2" j2_lists_and_counts_are_exact = j_admin::list::lists_and_counts [List];
            "J3" j3_consumer_counters_move_as_expected = j_admin::counters::move_as_expected [];

            "L1" l1_capabilities_are_true = l_meta::capabilities_are_true [];
            "L2" l2_report_lists_every_skip = l_meta::report_lists_every_skip [];
        }
    };
}
