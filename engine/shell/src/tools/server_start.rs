//! `kafka-server-start.sh`: what a server says when it does not start (`kafka.Kafka`). The servers of a cluster are
//! started otherwise; one that would start has no machine of its own here.

use clients::KafkaError;

use super::server_file::{formatted, load, verify};
use super::straight::{Halt, Run, ToolSpec};

pub const SPEC: ToolSpec = ToolSpec { name: "kafka-server-start.sh", table: &[], run, thrown };

fn run(tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    let Some(path) = tool.arguments().into_iter().find(|word| !word.starts_with('-')) else {
        return Err(Halt::Refused(
            "USAGE: kafka-server-start.sh [-daemon] server.properties [--override property=value]*".to_string(),
        ));
    };
    let file = load(&path, tool)?;
    let found = formatted(&file.directories, tool)?;
    if found.is_empty() {
        let why = "No readable meta.properties files found.";
        return Err(KafkaError::new("java.lang.RuntimeException", why).into());
    }
    verify(&found, None, file.node_id)?;
    Err(Halt::Refused(
        "This machine is a terminal: it runs tools, no servers. The servers of the cluster are started with their own \
         buttons, or with ! start."
            .to_string(),
    ))
}

fn thrown(error: KafkaError, tool: &mut Run<'_, '_, '_>) {
    let time = tool.log_time();
    tool.println(format!("[{time}] ERROR Exiting Kafka due to fatal exception (kafka.Kafka$)"));
    tool.print(error.stack_trace());
}
