//! The one integration test binary; each module tests `pipe` from outside.

mod scripts;
