//! Kafka's error codes.

mod table;

use table::TABLE;

/// What a response says about success or failure (`org.apache.kafka.common.protocol.Errors`, Kafka 4.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(i16)]
pub enum ErrorCode {
    UnknownServerError = -1,
    #[default]
    None = 0,
    OffsetOutOfRange = 1,
    CorruptMessage = 2,
    UnknownTopicOrPartition = 3,
    InvalidFetchSize = 4,
    LeaderNotAvailable = 5,
    NotLeaderOrFollower = 6,
    RequestTimedOut = 7,
    BrokerNotAvailable = 8,
    ReplicaNotAvailable = 9,
    MessageTooLarge = 10,
    StaleControllerEpoch = 11,
    OffsetMetadataTooLarge = 12,
    NetworkException = 13,
    CoordinatorLoadInProgress = 14,
    CoordinatorNotAvailable = 15,
    NotCoordinator = 16,
    InvalidTopicException = 17,
    RecordListTooLarge = 18,
    NotEnoughReplicas = 19,
    NotEnoughReplicasAfterAppend = 20,
    InvalidRequiredAcks = 21,
    IllegalGeneration = 22,
    InconsistentGroupProtocol = 23,
    InvalidGroupId = 24,
    UnknownMemberId = 25,
    InvalidSessionTimeout = 26,
    RebalanceInProgress = 27,
    InvalidCommitOffsetSize = 28,
    TopicAuthorizationFailed = 29,
    GroupAuthorizationFailed = 30,
    ClusterAuthorizationFailed = 31,
    InvalidTimestamp = 32,
    UnsupportedSaslMechanism = 33,
    IllegalSaslState = 34,
    UnsupportedVersion = 35,
    TopicAlreadyExists = 36,
    InvalidPartitions = 37,
    InvalidReplicationFactor = 38,
    InvalidReplicaAssignment = 39,
    InvalidConfig = 40,
    NotController = 41,
    InvalidRequest = 42,
    UnsupportedForMessageFormat = 43,
    PolicyViolation = 44,
    OutOfOrderSequenceNumber = 45,
    DuplicateSequenceNumber = 46,
    InvalidProducerEpoch = 47,
    InvalidTxnState = 48,
    InvalidProducerIdMapping = 49,
    InvalidTransactionTimeout = 50,
    ConcurrentTransactions = 51,
    TransactionCoordinatorFenced = 52,
    TransactionalIdAuthorizationFailed = 53,
    SecurityDisabled = 54,
    OperationNotAttempted = 55,
    KafkaStorageError = 56,
    LogDirNotFound = 57,
    SaslAuthenticationFailed = 58,
    UnknownProducerId = 59,
    ReassignmentInProgress = 60,
    DelegationTokenAuthDisabled = 61,
    DelegationTokenNotFound = 62,
    DelegationTokenOwnerMismatch = 63,
    DelegationTokenRequestNotAllowed = 64,
    DelegationTokenAuthorizationFailed = 65,
    DelegationTokenExpired = 66,
    InvalidPrincipalType = 67,
    NonEmptyGroup = 68,
    GroupIdNotFound = 69,
    FetchSessionIdNotFound = 70,
    InvalidFetchSessionEpoch = 71,
    ListenerNotFound = 72,
    TopicDeletionDisabled = 73,
    FencedLeaderEpoch = 74,
    UnknownLeaderEpoch = 75,
    UnsupportedCompressionType = 76,
    StaleBrokerEpoch = 77,
    OffsetNotAvailable = 78,
    MemberIdRequired = 79,
    PreferredLeaderNotAvailable = 80,
    GroupMaxSizeReached = 81,
    FencedInstanceId = 82,
    EligibleLeadersNotAvailable = 83,
    ElectionNotNeeded = 84,
    NoReassignmentInProgress = 85,
    GroupSubscribedToTopic = 86,
    InvalidRecord = 87,
    UnstableOffsetCommit = 88,
    ThrottlingQuotaExceeded = 89,
    ProducerFenced = 90,
    ResourceNotFound = 91,
    DuplicateResource = 92,
    UnacceptableCredential = 93,
    InconsistentVoterSet = 94,
    InvalidUpdateVersion = 95,
    FeatureUpdateFailed = 96,
    PrincipalDeserializationFailure = 97,
    SnapshotNotFound = 98,
    PositionOutOfRange = 99,
    UnknownTopicId = 100,
    DuplicateBrokerRegistration = 101,
    BrokerIdNotRegistered = 102,
    InconsistentTopicId = 103,
    InconsistentClusterId = 104,
    TransactionalIdNotFound = 105,
    FetchSessionTopicIdError = 106,
    IneligibleReplica = 107,
    NewLeaderElected = 108,
    OffsetMovedToTieredStorage = 109,
    FencedMemberEpoch = 110,
    UnreleasedInstanceId = 111,
    UnsupportedAssignor = 112,
    StaleMemberEpoch = 113,
    MismatchedEndpointType = 114,
    UnsupportedEndpointType = 115,
    UnknownControllerId = 116,
    UnknownSubscriptionId = 117,
    TelemetryTooLarge = 118,
    InvalidRegistration = 119,
    TransactionAbortable = 120,
    InvalidRecordState = 121,
    ShareSessionNotFound = 122,
    InvalidShareSessionEpoch = 123,
    FencedStateEpoch = 124,
    InvalidVoterKey = 125,
    DuplicateVoter = 126,
    VoterNotFound = 127,
    InvalidRegularExpression = 128,
    RebootstrapRequired = 129,
    StreamsInvalidTopology = 130,
    StreamsInvalidTopologyEpoch = 131,
    StreamsTopologyFenced = 132,
    ShareSessionLimitReached = 133,
}

/// One line of the table.
struct Row {
    name: &'static str,
    /// Java's exception class without its package; empty for `NONE`.
    exception: &'static str,
    message: &'static str,
    retriable: bool,
    invalid_metadata: bool,
}

impl Row {
    /// A client gives up at once.
    const fn fatal(name: &'static str, exception: &'static str, message: &'static str) -> Row {
        Row { name, exception, message, retriable: false, invalid_metadata: false }
    }

    /// A client may try again.
    const fn retry(name: &'static str, exception: &'static str, message: &'static str) -> Row {
        Row { name, exception, message, retriable: true, invalid_metadata: false }
    }

    /// A client asks for new metadata and tries again.
    const fn refresh(name: &'static str, exception: &'static str, message: &'static str) -> Row {
        Row { name, exception, message, retriable: true, invalid_metadata: true }
    }
}

impl ErrorCode {
    /// Every error in the order of the codes, from -1.
    #[rustfmt::skip]
    pub const ALL: [ErrorCode; 135] = [
        ErrorCode::UnknownServerError, ErrorCode::None, ErrorCode::OffsetOutOfRange, ErrorCode::CorruptMessage,
        ErrorCode::UnknownTopicOrPartition, ErrorCode::InvalidFetchSize, ErrorCode::LeaderNotAvailable,
        ErrorCode::NotLeaderOrFollower, ErrorCode::RequestTimedOut, ErrorCode::BrokerNotAvailable,
        ErrorCode::ReplicaNotAvailable, ErrorCode::MessageTooLarge, ErrorCode::StaleControllerEpoch,
        ErrorCode::OffsetMetadataTooLarge, ErrorCode::NetworkException, ErrorCode::CoordinatorLoadInProgress,
        ErrorCode::CoordinatorNotAvailable, ErrorCode::NotCoordinator, ErrorCode::InvalidTopicException,
        ErrorCode::RecordListTooLarge, ErrorCode::NotEnoughReplicas, ErrorCode::NotEnoughReplicasAfterAppend,
        ErrorCode::InvalidRequiredAcks, ErrorCode::IllegalGeneration, ErrorCode::InconsistentGroupProtocol,
        ErrorCode::InvalidGroupId, ErrorCode::UnknownMemberId, ErrorCode::InvalidSessionTimeout,
        ErrorCode::RebalanceInProgress, ErrorCode::InvalidCommitOffsetSize, ErrorCode::TopicAuthorizationFailed,
        ErrorCode::GroupAuthorizationFailed, ErrorCode::ClusterAuthorizationFailed, ErrorCode::InvalidTimestamp,
        ErrorCode::UnsupportedSaslMechanism, ErrorCode::IllegalSaslState, ErrorCode::UnsupportedVersion,
        ErrorCode::TopicAlreadyExists, ErrorCode::InvalidPartitions, ErrorCode::InvalidReplicationFactor,
        ErrorCode::InvalidReplicaAssignment, ErrorCode::InvalidConfig, ErrorCode::NotController,
        ErrorCode::InvalidRequest, ErrorCode::UnsupportedForMessageFormat, ErrorCode::PolicyViolation,
        ErrorCode::OutOfOrderSequenceNumber, ErrorCode::DuplicateSequenceNumber, ErrorCode::InvalidProducerEpoch,
        ErrorCode::InvalidTxnState, ErrorCode::InvalidProducerIdMapping, ErrorCode::InvalidTransactionTimeout,
        ErrorCode::ConcurrentTransactions, ErrorCode::TransactionCoordinatorFenced,
        ErrorCode::TransactionalIdAuthorizationFailed, ErrorCode::SecurityDisabled, ErrorCode::OperationNotAttempted,
        ErrorCode::KafkaStorageError, ErrorCode::LogDirNotFound, ErrorCode::SaslAuthenticationFailed,
        ErrorCode::UnknownProducerId, ErrorCode::ReassignmentInProgress, ErrorCode::DelegationTokenAuthDisabled,
        ErrorCode::DelegationTokenNotFound, ErrorCode::DelegationTokenOwnerMismatch,
        ErrorCode::DelegationTokenRequestNotAllowed, ErrorCode::DelegationTokenAuthorizationFailed,
        ErrorCode::DelegationTokenExpired, ErrorCode::InvalidPrincipalType, ErrorCode::NonEmptyGroup,
        ErrorCode::GroupIdNotFound, ErrorCode::FetchSessionIdNotFound, ErrorCode::InvalidFetchSessionEpoch,
        ErrorCode::ListenerNotFound, ErrorCode::TopicDeletionDisabled, ErrorCode::FencedLeaderEpoch,
        ErrorCode::UnknownLeaderEpoch, ErrorCode::UnsupportedCompressionType, ErrorCode::StaleBrokerEpoch,
        ErrorCode::OffsetNotAvailable, ErrorCode::MemberIdRequired, ErrorCode::PreferredLeaderNotAvailable,
        ErrorCode::GroupMaxSizeReached, ErrorCode::FencedInstanceId, ErrorCode::EligibleLeadersNotAvailable,
        ErrorCode::ElectionNotNeeded, ErrorCode::NoReassignmentInProgress, ErrorCode::GroupSubscribedToTopic,
        ErrorCode::InvalidRecord, ErrorCode::UnstableOffsetCommit, ErrorCode::ThrottlingQuotaExceeded,
        ErrorCode::ProducerFenced, ErrorCode::ResourceNotFound, ErrorCode::DuplicateResource,
        ErrorCode::UnacceptableCredential, ErrorCode::InconsistentVoterSet, ErrorCode::InvalidUpdateVersion,
        ErrorCode::FeatureUpdateFailed, ErrorCode::PrincipalDeserializationFailure, ErrorCode::SnapshotNotFound,
        ErrorCode::PositionOutOfRange, ErrorCode::UnknownTopicId, ErrorCode::DuplicateBrokerRegistration,
        ErrorCode::BrokerIdNotRegistered, ErrorCode::InconsistentTopicId, ErrorCode::InconsistentClusterId,
        ErrorCode::TransactionalIdNotFound, ErrorCode::FetchSessionTopicIdError, ErrorCode::IneligibleReplica,
        ErrorCode::NewLeaderElected, ErrorCode::OffsetMovedToTieredStorage, ErrorCode::FencedMemberEpoch,
        ErrorCode::UnreleasedInstanceId, ErrorCode::UnsupportedAssignor, ErrorCode::StaleMemberEpoch,
        ErrorCode::MismatchedEndpointType, ErrorCode::UnsupportedEndpointType, ErrorCode::UnknownControllerId,
        ErrorCode::UnknownSubscriptionId, ErrorCode::TelemetryTooLarge, ErrorCode::InvalidRegistration,
        ErrorCode::TransactionAbortable, ErrorCode::InvalidRecordState, ErrorCode::ShareSessionNotFound,
        ErrorCode::InvalidShareSessionEpoch, ErrorCode::FencedStateEpoch, ErrorCode::InvalidVoterKey,
        ErrorCode::DuplicateVoter, ErrorCode::VoterNotFound, ErrorCode::InvalidRegularExpression,
        ErrorCode::RebootstrapRequired, ErrorCode::StreamsInvalidTopology, ErrorCode::StreamsInvalidTopologyEpoch,
        ErrorCode::StreamsTopologyFenced, ErrorCode::ShareSessionLimitReached,
    ];

    /// The number in a response.
    pub const fn code(self) -> i16 {
        self as i16
    }

    /// The error of a number; one that this Kafka does not know is an unknown server error, as in `Errors.forCode`.
    pub fn from_code(code: i16) -> ErrorCode {
        usize::try_from(i32::from(code) + 1)
            .ok()
            .and_then(|index| ErrorCode::ALL.get(index).copied())
            .unwrap_or(ErrorCode::UnknownServerError)
    }

    fn row(self) -> &'static Row {
        &TABLE[(self.code() + 1) as usize]
    }

    /// Kafka's name, such as `NOT_LEADER_OR_FOLLOWER`.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// Kafka's default message, such as `The request timed out.`; `NONE` for no error.
    pub fn message(self) -> &'static str {
        self.row().message
    }

    /// The Java class that a client throws, such as `org.apache.kafka.common.errors.NotLeaderOrFollowerException`;
    /// empty for no error.
    pub fn exception(self) -> String {
        match self.row().exception {
            "" => String::new(),
            // The only one that lives outside of the package of errors.
            name @ "InvalidRecordException" => format!("org.apache.kafka.common.{name}"),
            name => format!("org.apache.kafka.common.errors.{name}"),
        }
    }

    /// The name of the Java class without its package, as some tools print it.
    pub fn exception_simple_name(self) -> &'static str {
        self.row().exception
    }

    /// Whether a client may send the same request again (`RetriableException`).
    pub fn retriable(self) -> bool {
        self.row().retriable
    }

    /// Whether a client must ask for new metadata first (`InvalidMetadataException`, `RefreshRetriableException`).
    pub fn invalid_metadata(self) -> bool {
        self.row().invalid_metadata
    }

    pub fn is_none(self) -> bool {
        self == ErrorCode::None
    }
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl From<ErrorCode> for i16 {
    fn from(error: ErrorCode) -> i16 {
        error.code()
    }
}
