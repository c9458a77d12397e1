//! Layers and stores as a whole, sound and hostile.

mod hostile;
mod imports;
mod layers;
mod pulls;
mod registry;
mod store;
