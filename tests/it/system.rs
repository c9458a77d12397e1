//! A whole system on real servers: tests/samples/guestbook, from unit tests beside `MariaDB` and Redis
//! to a host that is deployed to over ssh and an image in a registry. `tests/scripts/test --test it
//! system` runs it alone.

mod checkout;
mod publish;
mod refs;
mod staging;
mod web;
