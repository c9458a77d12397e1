//! Inputs of a file: whether they are declared soundly, their values, and those that come from
//! outside (configuration reference 3.1 to 3.3).

mod declare;
mod given;
mod text;
mod value;

pub(super) use declare::{check as check_declaration, unknown_keys};
pub use given::GivenInput;
pub(super) use given::read as read_given;
pub(super) use text::ruby_text;
pub use text::to_json;
pub(super) use value::{Inputs, resolve};
