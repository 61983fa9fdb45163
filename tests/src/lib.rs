//! Tests of the whole house; what they share. The crate itself has nothing that is built for users.

pub mod host;
