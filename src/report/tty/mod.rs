//! The live board on a terminal.
//!
//! [`frame`] decides what the screen says, as a pure function of the view, the size and the
//! time; [`Board`] paints it. Only `board` and `terminal` know indicatif and console.
//!
//! The board never hides the cursor and never leaves the normal screen: there is nothing to
//! restore after a crash, a `kill -9` or a suspended process, and the scrollback stays whole.

mod board;
mod fit;
mod frame;
mod row;
mod terminal;

#[cfg(test)]
mod board_tests;
#[cfg(test)]
mod tests;

pub use board::Board;
pub use terminal::Terminal;
