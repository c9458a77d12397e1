//! Inputs of a file: whether they are declared soundly, and their values
//! (configuration reference 3.1, 3.2).

mod declare;
mod text;
mod value;

pub(super) use declare::check as check_declaration;
pub(super) use text::ruby_text;
pub use text::to_json;
pub(super) use value::{Inputs, resolve};
