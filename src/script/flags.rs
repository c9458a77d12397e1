//! Variables that change how scripts are made: `CI_DEBUG_TRACE` and some `FF_…`.

use crate::types::go_bool;

use super::Variable;

/// The switches among a job's variables that change its scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of GitLab's, independent of the others"
)]
pub struct Flags {
    /// `CI_DEBUG_TRACE`: the shell traces what it does (runtime reference 12.5).
    pub debug_trace: bool,
    /// `FF_SCRIPT_SECTIONS`: a command of several lines is shown whole, in a section.
    pub script_sections: bool,
    /// `FF_ENABLE_BASH_EXIT_CODE_CHECK`: the status of every command counts, also of those that
    /// errexit forgives.
    pub exit_code_check: bool,
    /// `FF_POSIXLY_CORRECT_ESCAPES`: shells without `$'…'` (dash) are fine.
    pub posix_escapes: bool,
}

impl Flags {
    /// Reads the switches; of equal names the last counts.
    pub fn from_variables(variables: &[Variable]) -> Self {
        let on = |name: &str| {
            variables
                .iter()
                .rfind(|variable| variable.name == name)
                .and_then(|variable| go_bool(&variable.value))
                .unwrap_or(false)
        };
        Self {
            debug_trace: on("CI_DEBUG_TRACE"),
            script_sections: on("FF_SCRIPT_SECTIONS"),
            exit_code_check: on("FF_ENABLE_BASH_EXIT_CODE_CHECK"),
            posix_escapes: on("FF_POSIXLY_CORRECT_ESCAPES"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Flags, Variable};

    #[test]
    fn only_true_in_the_runners_spelling_is_on() {
        for (value, on) in [
            ("true", true),
            ("True", true),
            ("1", true),
            ("tRUE", false),
            ("yes", false),
            ("", false),
            ("false", false),
        ] {
            let flags = Flags::from_variables(&[Variable::plain("CI_DEBUG_TRACE", value)]);
            assert_eq!(flags.debug_trace, on, "{value:?}");
        }
    }

    #[test]
    fn the_last_of_equal_names_counts() {
        let twice = [
            Variable::plain("FF_SCRIPT_SECTIONS", "true"),
            Variable::plain("FF_SCRIPT_SECTIONS", "false"),
        ];
        assert_eq!(Flags::from_variables(&twice), Flags::default());
    }
}
