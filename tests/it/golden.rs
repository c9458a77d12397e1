//! Golden files: what is shown, held against the file that is named after the case.

/// Holds `shown` against the golden file `name` of the module that asks.
macro_rules! golden {
    ($name:expr, $shown:expr $(,)?) => {{
        let (name, shown): (&str, &str) = ($name, $shown);
        let mut settings = insta::Settings::clone_current();
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name, shown));
    }};
}

pub(crate) use golden;
