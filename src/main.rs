//! The `pipe` program: everything it does is in the library.

fn main() -> std::process::ExitCode {
    #[cfg(target_os = "linux")]
    if let Some(ended) = pipe::exec::enter_sandbox() {
        return ended;
    }
    pipe::cli::main()
}
