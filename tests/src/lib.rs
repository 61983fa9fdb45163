//! What several tests of the whole house share.

pub mod host;
