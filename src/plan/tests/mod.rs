//! Which jobs a pipeline has: small configurations at every kind of event.

mod bombs;
mod children;
mod elsewhere;
mod environments;
mod held;
mod needs;
mod policies;
mod rules;
mod selection;
mod variables;
mod workflow;
mod world;
