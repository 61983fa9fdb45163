//! Where in each tool its admin client is made: what a Java stack trace names below `Admin.create`. Other exceptions are
//! printed without frames, which say nothing to who does not read Kafka's sources.

const FRAMES: [(&str, &[&str]); 10] = [
    (
        "kafka-get-offsets.sh",
        &[
            "org.apache.kafka.tools.GetOffsetShell.fetchOffsets(GetOffsetShell.java:229)",
            "org.apache.kafka.tools.GetOffsetShell.execute(GetOffsetShell.java:88)",
            "org.apache.kafka.tools.GetOffsetShell.mainNoExit(GetOffsetShell.java:71)",
            "org.apache.kafka.tools.GetOffsetShell.main(GetOffsetShell.java:66)",
        ],
    ),
    (
        "kafka-topics.sh",
        &[
            "org.apache.kafka.tools.TopicCommand$TopicService.<init>(TopicCommand.java:429)",
            "org.apache.kafka.tools.TopicCommand.execute(TopicCommand.java:101)",
            "org.apache.kafka.tools.TopicCommand.mainNoExit(TopicCommand.java:90)",
            "org.apache.kafka.tools.TopicCommand.main(TopicCommand.java:85)",
        ],
    ),
    (
        "kafka-configs.sh",
        &[
            "kafka.admin.ConfigCommand$.processCommand(ConfigCommand.scala:158)",
            "kafka.admin.ConfigCommand$.main(ConfigCommand.scala:86)",
            "kafka.admin.ConfigCommand.main(ConfigCommand.scala)",
        ],
    ),
    (
        "kafka-log-dirs.sh",
        &[
            "org.apache.kafka.tools.LogDirsCommand.createAdminClient(LogDirsCommand.java:155)",
            "org.apache.kafka.tools.LogDirsCommand.execute(LogDirsCommand.java:70)",
            "org.apache.kafka.tools.LogDirsCommand.mainNoExit(LogDirsCommand.java:56)",
            "org.apache.kafka.tools.LogDirsCommand.main(LogDirsCommand.java:51)",
        ],
    ),
    (
        "kafka-delete-records.sh",
        &[
            "org.apache.kafka.tools.DeleteRecordsCommand.createAdminClient(DeleteRecordsCommand.java:160)",
            "org.apache.kafka.tools.DeleteRecordsCommand.execute(DeleteRecordsCommand.java:116)",
            "org.apache.kafka.tools.DeleteRecordsCommand.mainNoExit(DeleteRecordsCommand.java:70)",
            "org.apache.kafka.tools.DeleteRecordsCommand.main(DeleteRecordsCommand.java:65)",
        ],
    ),
    (
        "kafka-leader-election.sh",
        &[
            "org.apache.kafka.tools.LeaderElectionCommand.run(LeaderElectionCommand.java:121)",
            "org.apache.kafka.tools.LeaderElectionCommand.mainNoExit(LeaderElectionCommand.java:71)",
            "org.apache.kafka.tools.LeaderElectionCommand.main(LeaderElectionCommand.java:66)",
        ],
    ),
    (
        "kafka-metadata-quorum.sh",
        &[
            "org.apache.kafka.tools.MetadataQuorumCommand.execute(MetadataQuorumCommand.java:127)",
            "org.apache.kafka.tools.MetadataQuorumCommand.mainNoExit(MetadataQuorumCommand.java:81)",
            "org.apache.kafka.tools.MetadataQuorumCommand.main(MetadataQuorumCommand.java:76)",
        ],
    ),
    (
        "kafka-cluster.sh",
        &[
            "org.apache.kafka.tools.ClusterTool.execute(ClusterTool.java:122)",
            "org.apache.kafka.tools.ClusterTool.mainNoExit(ClusterTool.java:53)",
            "org.apache.kafka.tools.ClusterTool.main(ClusterTool.java:48)",
        ],
    ),
    (
        "kafka-reassign-partitions.sh",
        &["org.apache.kafka.tools.reassign.ReassignPartitionsCommand.main(ReassignPartitionsCommand.java:146)"],
    ),
    ("kafka-acls.sh", &["org.apache.kafka.tools.AclCommand.main(AclCommand.java:76)"]),
];

/// The frames of a tool from the making of its client down to its `main`.
pub fn of(tool: &str) -> &'static [&'static str] {
    FRAMES.iter().find(|(name, _)| *name == tool).map_or(&[], |(_, frames)| frames)
}
