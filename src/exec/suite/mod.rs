//! The contract of executors as tests, written once and run over each of them.
//!
//! A missing daemon or image is a failure; `tests/scripts/` makes the images. Each case says the rule that it holds.

mod cases;
mod docker;
mod fake;
mod names;
mod owners;
mod person;
mod programs;
mod real;
#[cfg(target_os = "linux")]
mod sandbox;
mod shell;
mod subject;

/// One test per case over the subject that `$make` makes, which runs scripts in shells, perhaps those of
/// images, or plays words in their place.
macro_rules! contract {
    ($make:path, words) => {
        contract!($make:
            cases::exit_codes
            cases::output_keeps_its_order
            cases::all_output_comes_before_the_end
            cases::graceful_cancel_stops_the_script_only
            cases::force_ends_what_ignores_a_graceful_cancel
            cases::closing_twice_is_fine_and_leaves_nothing
            cases::a_tree_that_was_not_published_is_an_error
            cases::a_cancel_before_the_start_leaves_nothing
            cases::a_cancel_ends_every_call
        );
    };
    ($make:path, shells) => {
        contract!($make, words);
        contract!($make:
            real::a_second_script_has_the_same_root_and_a_new_shell
            real::a_script_in_brief_finds_its_variables
            real::a_long_script_arrives_whole
            real::a_script_that_is_not_read_does_not_block
            real::layers_of_a_tree_lie_over_each_other
            real::the_tree_is_there_and_artifacts_lie_over_it
            real::artifacts_come_to_an_environment_that_waits
            real::artifacts_keep_modes_times_and_links
            real::a_link_to_a_file_left_out_brings_its_content
            names::a_file_with_two_names_is_two_files_for_the_next_job
            real::nothing_to_collect_gives_an_empty_archive
            real::a_failed_open_is_undone
            person::types_and_sees
            person::ends_with_all_that_it_started
            person::is_hung_up_on
            real::only_dead_runs_of_the_owner_are_reaped
        );
    };
    ($make:path, images) => {
        contract!($make, shells);
        contract!($make:
            person::finds_an_entrypoint_that_ran_once
            person::has_no_shell_where_the_entrypoint_starts_none
            programs::a_home_that_is_empty_is_that_of_the_user
            programs::an_entrypoint_that_the_kernel_does_not_run_fails_the_script
            programs::a_service_without_a_program_is_the_jobs_fault
        );
    };
    ($make:path: $($module:ident::$case:ident)+) => {
        $(
            #[tokio::test]
            async fn $case() {
                let subject = $make().await;
                super::$module::$case(&subject).await;
                subject.release().await;
            }
        )+
    };
}

use contract;
