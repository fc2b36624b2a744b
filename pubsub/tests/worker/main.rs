//! The worker, on the memory backend under virtual time and on a real nats-server.

#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod blocking;
mod history;
mod support;
#[cfg(feature = "garde")]
mod validating;
mod wrong_handlers;

/// Declares each scenario as a test on memory and, with the feature `nats`, on a server.
macro_rules! scenarios {
    ($($module:ident: $($name:ident)*;)*) => {
        $(mod $module;)*

        mod on_memory {
            $($(#[tokio::test(start_paused = true)]
            async fn $name() {
                super::$module::$name(super::support::on_memory().await).await;
            })*)*
        }

        #[cfg(feature = "nats")]
        mod on_nats {
            $($(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let server = pubsub_testkit::nats_server::NatsServer::start().expect("a nats-server");
                super::$module::$name(super::support::on_server(&server).await).await;
            })*)*
        }
    };
}

scenarios! {
    handling: a_message_is_handled_once_and_acknowledged
        arguments_are_extracted_and_state_is_shared
        what_a_handler_returns_is_stored_before_the_ack
        at_most_so_many_are_handled_at_once
        a_long_handler_keeps_its_message;
    failing: an_error_is_tried_again_with_growing_delays
        a_rejected_message_goes_to_the_dead_letters_at_once
        a_message_out_of_attempts_goes_to_the_dead_letters_once
        what_cannot_be_read_goes_to_the_dead_letters_and_does_not_loop
        a_panic_is_a_failure_like_any_other
        a_handler_beyond_its_deadline_is_ended_and_tried_again
        a_dead_letter_that_cannot_be_stored_leaves_the_original
        sleeping_retries_hold_no_place;
    giving_up: a_message_that_no_letter_can_hold_is_kept_without_its_payload
        letters_that_cannot_be_stored_take_no_place;
    sweeping: what_died_without_a_worker_is_kept
        a_work_queue_is_left_without_what_died
        a_stream_of_advisories_that_is_there_is_used;
    faulty_handlers: slow_handlers_repeat_nothing
        hanging_handlers_are_not_run_twice_at_once_and_hold_up_no_other
        panicking_handlers_are_contained
        poison_leaves_after_its_attempts_and_is_kept_once
        what_a_killed_worker_had_in_hand_is_handled_by_the_next
        a_rolling_restart_repeats_nothing_and_holds_up_nothing;
    limiting: waiting_for_a_rate_uses_up_no_attempt
        two_copies_of_one_id_are_handled_once_behind_an_inbox;
    publishing: an_inbox_forgets_nothing_that_was_not_published
        another_set_at_the_next_attempt_is_no_duplicate
        the_same_set_is_stored_once;
    settling: an_ack_that_fails_is_made_again_when_the_message_comes_again
        a_message_whose_end_fails_is_given_up_once
        slow_settlements_hold_up_nothing;
    ordering: a_key_is_handled_in_order_also_over_retries
        a_blocked_key_holds_back_no_other
        a_key_is_handled_in_order_over_a_crash;
    stopping: what_runs_is_finished_and_what_has_not_begun_is_handed_back
        a_handler_that_does_not_end_is_cut_off_and_its_message_comes_again
        a_consumer_that_is_deleted_ends_the_worker_with_an_error
        as_long_as_it_takes_is_a_time_to_stop_in
        a_handler_that_ends_while_it_is_cut_off_is_done;
    starting: a_worker_that_cannot_work_says_why
        what_would_lose_or_repeat_messages_is_refused;
    batches: a_batch_is_handled_when_it_is_full_or_has_waited_with_a_verdict_for_each
        a_batch_that_fails_or_panics_is_tried_again
        a_batch_with_too_few_verdicts_acknowledges_nothing
        a_batch_that_is_not_full_goes_back_when_the_worker_stops;
    controlling: a_paused_worker_leaves_messages_until_it_is_resumed
        a_handler_can_stop_its_worker
        hooks_tell_of_the_start_of_every_ending_and_of_the_stop
        several_consumers_run_in_one_worker
        layers_go_around_the_routes_below_them
        a_message_of_which_deliveries_were_lost_is_tried_all_the_same
        a_message_that_ends_its_process_each_time_is_given_up
        messages_of_which_many_deliveries_were_lost_are_handled_one_by_one
        a_consumer_that_delivers_nothing_shows_in_the_status
        the_lag_says_how_many_run_at_once;
    testing: a_service_is_driven_until_it_is_quiet;
    elsewhere: program_1_dead_letters_without_a_stream
        program_2_dead_letters_that_nobody_reads
        program_3_a_handler_that_returns_an_error
        program_4_a_payload_that_cannot_be_decoded
        program_5_a_message_that_panics_before_nineteen_others
        program_6_forty_messages_that_take_long
        program_15_two_failures_that_wait_for_8_s
        program_21_a_poison_message_without_a_limit;
    grouping: members_share_the_partitions_and_keep_the_order_as_they_come_and_go
        a_member_that_dies_is_replaced_and_the_order_is_kept
        a_member_out_of_reach_ends_its_handlers_before_others_begin
        somebody_else_who_is_served_does_not_hold_up_the_group
        a_letter_of_a_group_is_redriven_to_its_partition
        a_handler_can_stop_its_member_and_a_lost_consumer_ends_it
        a_group_that_cannot_be_is_refused;
    replaying: copies_come_in_order_and_say_what_they_are_of
        nothing_is_written_into_what_is_read
        a_dry_run_counts_and_does_nothing
        handlers_get_each_message_in_order_and_their_failures_end_it
        a_replay_ends_where_it_is_told_to
        a_replay_ends_when_the_rest_is_removed
        a_rate_and_the_original_speed_are_kept
        a_run_that_begins_again_under_its_name_stores_nothing_twice
        a_replay_that_cannot_be_is_refused;
    scheduling: what_is_planned_comes_moved_replaced_or_not_at_all
        what_is_planned_can_be_looked_at
        what_recurs_comes_until_it_is_called_off
        what_cannot_be_planned_is_refused
        plans_go_through_a_subject_prefix;
    redriving: dead_letters_are_listed_edited_discarded_and_redriven
        a_redriven_message_is_handled_only_by_the_consumer_that_gave_it_up
        a_letter_of_a_consumer_that_is_gone_is_redriven_for_all_or_not_at_all
        a_copied_header_hides_no_message;
}
