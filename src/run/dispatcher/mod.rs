//! The dispatcher: it hears of everything that happens in a run and says what is done next.
//!
//! | what | where |
//! |---|---|
//! | the loop, and what it knows | `dispatch` |
//! | images before the first job | `images_first` |
//! | what a scheduler wants done | `actions` |
//! | what the end of an attempt leads to | `attempt_end` |
//! | child pipelines | `children` |
//! | signals, and how all comes to a stop | `stopping` |

mod actions;
mod attempt_end;
mod children;
mod dispatch;
mod images_first;
mod stopping;

pub(super) use dispatch::{Dispatcher, Messages, Opening};
pub(super) use stopping::Stopping;
