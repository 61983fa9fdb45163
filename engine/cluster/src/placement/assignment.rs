//! Assignments made by hand (`validateManualPartitionAssignment`).

/// Why an assignment is refused; all are INVALID_REPLICA_ASSIGNMENT.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AssignmentError {
    Empty,
    UnknownBroker(i32),
    Repeated(i32),
    OtherFactor { replicas: usize, factor: usize },
}

impl std::fmt::Display for AssignmentError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            AssignmentError::Empty => write!(f, "The manual partition assignment includes an empty replica list."),
            AssignmentError::UnknownBroker(id) => {
                write!(f, "The manual partition assignment includes broker {id}, but no such broker is registered.")
            }
            AssignmentError::Repeated(id) => {
                write!(f, "The manual partition assignment includes the broker {id} more than once.")
            }
            AssignmentError::OtherFactor { replicas, factor } => write!(
                f,
                "The manual partition assignment includes a partition with {replicas} replica(s), but this is not \
                 consistent with previous partitions, which have {factor} replica(s)."
            ),
        }
    }
}

/// Checks the replicas of one partition; `factor` is the replication factor of those before it, if there are any.
/// Brokers are looked at in ascending order, so the error names the smallest that is wrong.
pub fn check_manual_assignment(
    replicas: &[i32],
    factor: Option<usize>,
    is_registered: impl Fn(i32) -> bool,
) -> Result<(), AssignmentError> {
    if replicas.is_empty() {
        return Err(AssignmentError::Empty);
    }
    let mut sorted = replicas.to_vec();
    base::ordered::sort(&mut sorted);
    for (i, id) in sorted.iter().enumerate() {
        if !is_registered(*id) {
            return Err(AssignmentError::UnknownBroker(*id));
        }
        if i > 0 && sorted[i - 1] == *id {
            return Err(AssignmentError::Repeated(*id));
        }
    }
    match factor {
        Some(factor) if factor != replicas.len() => {
            Err(AssignmentError::OtherFactor { replicas: replicas.len(), factor })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_to_get_it_wrong() {
        let check = |replicas: &[i32], factor| check_manual_assignment(replicas, factor, |id| (1..=3).contains(&id));
        assert_eq!(check(&[], None), Err(AssignmentError::Empty));
        assert_eq!(check(&[1, 9], None), Err(AssignmentError::UnknownBroker(9)));
        assert_eq!(check(&[2, 1, 2], None), Err(AssignmentError::Repeated(2)));
        assert_eq!(check(&[3], Some(2)), Err(AssignmentError::OtherFactor { replicas: 1, factor: 2 }));
        assert_eq!(check(&[3, 1], Some(2)), Ok(()));
    }
}
