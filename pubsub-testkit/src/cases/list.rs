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
            "A6" a6_json_round_trip_and_wrong_payloads = a_publish::codec::json_round_trip [];
            "A7" a7_subjects_do_not_mix = a_publish::subjects::do_not_mix [];
            "A8" a8_same_payload_twice_is_two_messages = a_publish::subjects::same_payload_twice [];
            "A9" a9_concurrent_publishers_lose_nothing = a_publish::concurrency::publishers [];
            "A10" a10_concurrent_create_publish_consume = a_publish::concurrency::subjects [];
            "A11" a11_receipts_tell_stream_sequence_duplicate = a_publish::receipts::tell_where [];
            "A12" a12_receipts_resolve_once = a_publish::window::receipts_resolve_once [];
            "A13" a13_batch_has_an_outcome_for_each = a_publish::batch::has_an_outcome_for_each [];
            "A14" a14_atomic_batch_is_stored_as_a_whole = a_publish::batch::is_stored_as_a_whole [AtomicBatch];
            "A15" a15_publish_without_a_stream_is_not_found = a_publish::receipts::without_a_stream [];
            "A16" a16_retried_publish_stops_at_its_limit = a_publish::retry::stops_at_its_limit [PublishRetry MessageId];
            "A17" a17_hook_is_told_of_each_publish = a_publish::layers::hook_is_told [];
            "A18" a18_subject_prefix_is_put_on_once = a_publish::layers::prefix_is_put_on_once [];
            "A19" a19_subject_grammar_and_wildcards = a_publish::subjects::grammar [];
            "A20" a20_there_is_no_envelope = a_publish::envelope::is_none [];
            "A21" a21_correlation_source_and_time_propagate = a_publish::envelope::facts_propagate [];
            "A22" a22_native_of_a_wrong_type_gives_nothing = a_publish::native::wrong_type_gives_nothing [];
            "A23" a23_publisher_made_before_or_after = a_publish::publishers::made_before_or_after [];
            "A24" a24_subject_computed_per_message = a_publish::publishers::computed_subjects [];
            "A25" a25_options_hold_for_one_publish = a_publish::publishers::options_of_one_call [];
            "A26" a26_refusals_are_the_same_everywhere = a_publish::refusals::are_the_same_everywhere [];

            "B1" b1_ack_ends_redelivery = b_settle::ack::ends_redelivery [];
            "B2" b2_nak_redelivers = b_settle::nak::redelivers [];
            "B3" b3_nak_delay_is_kept = b_settle::nak::delay_is_kept [NakDelay];
            "B4" b4_term_ends_redelivery = b_settle::term::ends_redelivery [Term];
            "B5" b5_extend_keeps_the_lease = b_settle::ack_wait::extend_keeps_the_lease [Extend];
            "B6" b6_ack_wait_expiry_redelivers = b_settle::ack_wait::expiry_redelivers [];
            "B7" b7_late_ack_counts = b_settle::late::late_ack_counts [];
            "B8" b8_second_settlement_is_harmless = b_settle::ack::second_settlement_is_harmless [];
            "B9" b9_dropped_delivery_comes_again_once = b_settle::ack_wait::dropped_delivery_comes_again_once [];
            "B10" b10_cancelled_handler_settles_nothing = b_settle::elsewhere::cancelled_handler_settles_nothing [];
            "B13" b13_confirmed_settle_after_deletion_fails = b_settle::ack::confirmed_after_deletion [ConfirmedSettlement];
            "B14" b14_ack_holds_without_its_confirmation = b_settle::lost_answer::cut_before_the_confirmation [ConfirmedSettlement];
            "B15" b15_several_settled_are_exactly_those = b_settle::many::exactly_the_range [];
            "B16" b16_settled_by_another_task_and_thread = b_settle::elsewhere::other_task_and_thread [];
            "B18" b18_runtime_that_stops_afterwards = b_settle::elsewhere::runtime_that_stops [];
            "B19" b19_ack_out_of_order_is_safe = b_settle::many::out_of_order [];
            "B20" b20_settled_after_close_it_comes_again = b_settle::late::after_close_it_comes_again [];

            "C1" c1_attempts_count_and_persist = c_retry::attempts::count_and_persist [];
            "C2" c2_max_deliver_is_the_number_of_attempts = c_retry::max_deliver::is_the_number_of_attempts [];
            "C3" c3_max_deliver_of_zero_is_refused = c_retry::max_deliver::zero_is_refused [];
            "C13" c13_exhausted_message_stays_inspectable = c_retry::exhausted::stay_inspectable [WorkQueueRetention GetMessage];
            "C16" c16_attempts_cannot_be_forged = c_retry::forged::by_headers [];

            "D1" d1_durable_resumes_at_the_first_unacked = d_consume::resume::at_the_first_unacked [];
            "D2" d2_durable_outlives_its_client = d_consume::resume::after_the_client_closed [];
            "D3" d3_competing_members_share_the_work = d_consume::sharing::one_member_each [];
            "D4" d4_fan_out_to_two_durables = d_consume::sharing::fan_out [];
            "D5" d5_one_name_with_two_filters_is_refused = d_consume::names::two_filters [];
            "D6" d6_filters_are_respected = d_consume::filters::are_respected [];
            "D7" d7_groups_declared_before_get_earlier_messages = d_consume::groups::get_earlier_messages [];
            "D8" d8_nameless_readers_come_and_go = d_consume::groups::come_and_go [EphemeralConsumers StartPosition];
            "D9" d9_consumers_start_where_they_should = d_consume::start::at_the_policys_place [StartPosition];
            "D10" d10_start_by_sequence_and_time = d_consume::position::by_sequence_and_time [StartPosition];
            "D11" d11_reset_consumer_goes_on_there = d_consume::reset::goes_on_there [Reset];
            "D12" d12_drift_brings_nothing_back = d_consume::drift::acked_stays_acked [];
            "D13" d13_options_hold_for_one_call = d_consume::options::hold_for_one_call [NakDelay];
            "D14" d14_pull_returns_what_there_is = d_consume::pull::returns_what_there_is [];
            "D15" d15_fetch_of_nothing_is_empty_at_its_deadline = d_consume::nothing::is_empty_at_its_deadline [];
            "D16" d16_subscription_in_order_until_the_close = d_consume::iterate::in_order_until_the_close [];
            "D17" d17_same_by_fetch_and_subscription = d_consume::iterate::same_by_fetch_and_subscription [];
            "D18" d18_consumers_come_and_go_while_others_run = d_consume::running::consumers_come_and_go [];
            "D20" d20_missing_stream_is_an_error = d_consume::names::missing_stream [];
            "D21" d21_subject_added_later_flows = d_consume::running::subject_is_added [Update];
            "D23" d23_resume_after_the_acked_ones = d_consume::position::resume_after_k [];
            "D24" d24_wrong_places_are_refused = d_consume::reset::wrong_places_are_refused [Reset];

            "E1" e1_limits_discard_old_or_new = e_retention::limits::discard_old_and_new [StreamLimits DiscardNew];
            "E2" e2_interest_keeps_until_all_have_settled = e_retention::interest::until_all_have_settled [InterestRetention];
            "E3" e3_work_queue_keeps_until_acked = e_retention::work_queue::until_it_is_acked [WorkQueueRetention];
            "E4" e4_deleted_consumer_frees_its_messages = e_retention::interest::freed_by_deletion [InterestRetention];
            "E5" e5_message_id_is_stored_once_per_window = e_retention::dedup::once_per_window [MessageId];
            "E6" e6_id_is_remembered_after_the_ack = e_retention::dedup::is_remembered_after_the_ack [MessageId];
            "E7" e7_message_leaves_at_its_time = e_retention::time_to_live::leaves_at_its_time [MessageTtl];
            "E8" e8_schedule_produces_once_at_its_time = e_retention::schedule::produces_once_at_its_time [Schedules];
            "E9" e9_delay_is_kept_or_refused = e_retention::schedule::delay_is_kept_or_refused [];
            "E10" e10_replay_keeps_the_spacing = e_retention::replay::keeps_the_spacing [OriginalReplay];
            "E11" e11_purge_removes_what_it_says = e_retention::purge::removes_what_it_says [Purge];

            "F1" f1_order_is_that_of_publishing = f_flow::order::is_that_of_publishing [];
            "F3" f3_members_join_and_leave = f_flow::rebalance::members_join_and_leave [];
            "F5" f5_max_ack_pending_bounds_what_is_unsettled = f_flow::max_ack_pending::bounds_what_is_unsettled [MaxAckPending];
            "F6" f6_prefetch_does_not_outlive_the_ack_wait = f_flow::prefetch::does_not_outlive_the_ack_wait [];
            "F7" f7_stalled_reader_holds_its_buffer = f_flow::prefetch::stalled_reader_holds_its_buffer [];

            "G1" g1_close_twice_and_use_afterwards = g_lifecycle::close::twice_and_used_afterwards [];
            "G2" g2_stop_before_start = g_lifecycle::restart::stop_before_start [];
            "G3" g3_start_stop_start = g_lifecycle::restart::start_stop_start [];
            "G4" g4_cancelled_calls_lose_nothing = g_lifecycle::cancel::fetch_and_publish [];
            "G5" g5_cancelled_subscription_leaves_the_rest = g_lifecycle::cancel::subscription [];
            "G6" g6_concurrent_open_and_close_lose_nothing = g_lifecycle::restart::at_the_same_time [];
            "G7" g7_close_in_the_safe_order = g_lifecycle::finish::in_the_safe_order [];
            "G9" g9_accepted_publishes_are_stored_at_the_close = g_lifecycle::finish::accepted_publishes_are_stored [];
            "G10" g10_predecessors_orphans_do_not_starve = g_lifecycle::restart::predecessors_orphans [MaxAckPending];
            "G11" g11_siblings_go_on = g_lifecycle::siblings::go_on [];
            "G12" g12_nothing_is_left_behind = g_lifecycle::siblings::leave_nothing_behind [];
            "G13" g13_blocked_reader_does_not_hold_up_the_close = g_lifecycle::finish::blocked_reader [];
            "G14" g14_prefetched_messages_are_given_back = g_lifecycle::finish::prefetched_are_given_back [];
            "G15" g15_last_ack_survives_the_process = g_lifecycle::process::last_ack_survives [];
            "G16" g16_everything_ends_without_a_store = g_lifecycle::gone::everything_ends [MessageId];

            "H1" h1_crashes_under_load_lose_nothing = h_faults::outage::crashes_lose_nothing [MessageId];
            "H2" h2_long_cuts_lose_nothing = h_faults::outage::cuts_lose_nothing [MessageId];
            "H3" h3_half_open_connection_is_noticed = h_faults::half_open::is_noticed [];
            "H4" h4_lost_leader_loses_nothing = h_faults::several::lost_leader_loses_nothing [MessageId];
            "H5" h5_killed_consumer_loses_nothing = h_faults::killed::every_message_is_handled [];
            "H6" h6_unknown_outcome_and_retry_give_one_copy = h_faults::unknown::retry_gives_one_copy [MessageId];
            "H7" h7_slow_store_breaks_nothing = h_faults::slow::breaks_nothing [];
            "H8" h8_refused_at_once_and_let_in_again = h_faults::refused::fails_at_once_and_recovers [MessageId];
            "H9" h9_clocks_that_differ_do_no_harm = h_faults::clock::does_no_harm [];
            "H10" h10_deletion_is_an_error_and_not_silence = h_faults::deleted::is_an_error_and_not_silence [];
            "H11" h11_members_receive_again_after_a_crash = h_faults::several::members_receive_again [MessageId];

            "I1" i1_request_gets_its_answer = i_plain::request::gets_its_answer [CoreMessaging];
            "I2" i2_no_listener_is_not_no_answer = i_plain::request::no_listener_and_no_answer [CoreMessaging];
            "I3" i3_groups_and_everybody_at_most_once = i_plain::listen::groups_and_everybody [CoreMessaging];
            "I4" i4_plain_answer_to_what_came_by_a_stream = i_plain::request::answers_what_came_by_a_stream [CoreMessaging];
            "I5" i5_request_to_many_gives_each_answer = i_plain::request::many_answers [CoreMessaging];
            "I6" i6_each_request_gets_its_own_answer = i_plain::request::each_its_own_answer [CoreMessaging];

            "J1" j1_create_is_idempotent_or_refused = j_admin::create::idempotent_or_refused [];
            "J2" j2_lists_and_counts_are_exact = j_admin::list::lists_and_counts [List];
            "J3" j3_consumer_counters_move_as_expected = j_admin::counters::move_as_expected [];
            "J4" j4_health_tells_and_changes_nothing = j_admin::health::tells_and_changes_nothing [];
            "J7" j7_secrets_do_not_show = j_admin::health::secrets_do_not_show [];
            "J8" j8_features_are_known_at_once = j_admin::health::features_are_known_at_once [];
            "J9" j9_twins_are_compared = l_meta::twins::answers_are_compared [];

            "K1" k1_layers_in_order_both_ways = k_layers::order::both_ways [];
            "K4" k4_stack_of_layers_changes_nothing = k_layers::stack::changes_nothing [];
            "K7" k7_one_handler_on_two_connections = k_layers::two::one_handler [];
            "K8" k8_assertions_see_what_was_done = k_layers::assertions::see_what_was_done [];

            "L1" l1_capabilities_are_true = l_meta::capabilities_are_true [];
            "L2" l2_report_lists_every_skip = l_meta::report_lists_every_skip [];
            "L3" l3_wrong_backends_are_caught = l_meta::repeated::wrong_backends_are_caught [];
            "L4" l4_same_seed_same_faults = l_meta::repeated::same_seed_same_faults [];
            "L5" l5_whole_cases_side_by_side = l_meta::repeated::side_by_side [];
            "L6" l6_latencies_are_measured = l_meta::latency::measured [];

            "M1" m1_expectations_hold_or_refuse = m_beyond::expectations::hold_or_refuse [Expectations];
            "M2" m2_expectation_over_a_filter = m_beyond::expectations::over_a_filter [Expectations ExpectedSubjectFilter];
            "M3" m3_full_subject_refuses = m_beyond::full_subject::refuses [StreamLimits DiscardNew DiscardNewPerSubject];
            "M4" m4_backoff_grows = m_beyond::backoff::grows [Backoff];
            "M5" m5_backoff_is_passed_by_a_nak = m_beyond::backoff::is_passed_by_a_nak [Backoff];
            "M6" m6_paused_consumer_delivers_nothing = m_beyond::pause::delivers_nothing [Pause];
            "M7" m7_payloads_are_left_out = m_beyond::headers_only::payloads_are_left_out [HeadersOnly];
            "M8" m8_rollup_replaces_what_was_before = m_beyond::rollup::replaces_what_was_before [Rollup];
            "M9" m9_messages_are_stored_renamed = m_beyond::renamed::are_stored_renamed [SubjectTransform];
            "M10" m10_messages_are_passed_on = m_beyond::renamed::are_passed_on [Republish CoreMessaging];
            "M11" m11_notes_are_kept_and_compared = m_beyond::notes::are_kept_and_compared [Metadata];
            "M12" m12_subjects_and_gaps_of_a_stream = m_beyond::details::subjects_and_gaps [StreamDetails];
            "M13" m13_account_is_counted = m_beyond::details::account [AccountInfo];
            "M14" m14_marker_of_what_has_expired = e_retention::time_to_live::leaves_a_marker [MessageTtl DeleteMarkers];
            "M15" m15_schedule_is_replaced_and_cancelled = e_retention::schedule::is_replaced_and_cancelled [Schedules Purge];
            "M16" m16_schedule_recurs = e_retention::schedule::recurs [RecurringSchedules Purge GetMessage];
            "M17" m17_advisories_are_told = m_beyond::advisories::are_told [Advisories CoreMessaging Term];
            "M18" m18_slow_listener_is_told = i_plain::listen::slow_listener_is_told [CoreMessaging];
            "M19" m19_stored_only_is_enough = m_beyond::stored_only::is_enough [FastBatch];
            "M20" m20_next_stored_message = m_beyond::details::next_stored [GetMessage];
            "M21" m21_model_allows_what_one_client_sees = m_beyond::modelled::one_client [];
            "M22" m22_model_allows_what_several_clients_see = m_beyond::modelled::several_clients [];
            "M23" m23_model_allows_what_retention_leaves = m_beyond::modelled::retained [];
            "M24" m24_model_allows_what_faults_leave = m_beyond::modelled::faulted [];
            "M25" m25_stream_is_read_in_order = m_beyond::reading::in_order [EphemeralConsumers AckPolicies StartPosition];
            "M26" m26_reader_goes_on_over_resets = m_beyond::reading::over_resets [EphemeralConsumers AckPolicies StartPosition];
            "M27" m27_one_member_is_pinned = m_beyond::priority::one_is_pinned [PriorityGroups];
            "M28" m28_rest_overflows_to_others = m_beyond::priority::the_rest_overflows [PriorityGroups];
            "M29" m29_lowest_rank_is_served_first = m_beyond::priority::the_lowest_rank_is_first [PriorityGroups PrioritizedGroups];
        }
    };
}
