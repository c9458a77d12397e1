//! Test support: the way into a sandbox of a test program, whose `main` is not ours.

#![expect(
    unsafe_code,
    reason = "the only way to come before the `main` of a test program"
)]

/// Run by the loader before `main`, when the arguments are known and one thread is all there is.
#[used]
// SAFETY: the section holds functions that take no notice of what they are given.
#[unsafe(link_section = ".init_array")]
static ENTER: extern "C" fn() = enter;

extern "C" fn enter() {
    super::super::enter_sandbox();
}
