//! Where the replicas of new partitions go: Kafka's own placer, and assignments made by hand.

mod assignment;
mod java_random;
mod striped;

pub use assignment::{AssignmentError, check_manual_assignment};
pub use java_random::JavaRandom;
pub use striped::{PlacementError, StripedReplicaPlacer, UsableBroker};
