//! The `pipe` program: everything it does is in the library.

fn main() -> std::process::ExitCode {
    pipe::main()
}
