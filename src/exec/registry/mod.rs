//! Registries of images: as whom to ask them (runtime reference 9.3). Knows no executor: whoever pulls
//! asks [`Keyring`] with the image and what the job brings.

mod auth_file;
mod helper;
mod keyring;
mod login;
mod path;

pub use keyring::{Found, Keyring};
pub use login::{JobLogins, Login};
