//! The contract of executors as tests, written once and run over each of them.
//!
//! A missing daemon or image is a failure; `tests/scripts/` makes the images. Each case says the rule that it holds.

mod cases;
mod docker;
mod fake;
mod person;
mod real;
#[cfg(target_os = "linux")]
mod sandbox;
mod shell;
mod subject;

/// One test per case over the subject that `$make` makes.
macro_rules! contract {
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
