//! `kafka-server-start.sh`: what a server says when it does not start (`kafka.Kafka`), and `kafka-server-stop.sh`. The
//! servers of a cluster are started and stopped otherwise; one that would start has no machine of its own here.

use clients::KafkaError;

use super::jopt::{Opt, Options, text};
use super::meta_file::{formatted, verify};
use super::server_file::of;
use super::straight::{Halt, Run, ToolSpec};
use super::usage::key_values;

pub const SPEC: ToolSpec = ToolSpec { name: "kafka-server-start.sh", table: TABLE, run, thrown };
pub const STOP: ToolSpec = ToolSpec { name: "kafka-server-stop.sh", table: &[], run: stop, thrown };

const TABLE: &[Opt] =
    &[text("override", "property=value", "A property that stands for what the file says; can be repeated.")];

fn run(tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    let arguments = tool.arguments();
    let arguments = arguments.strip_prefix(&["-daemon".to_string()]).unwrap_or(&arguments);
    let is_given = |flag: &str| arguments.iter().any(|word| word == flag);
    if arguments.is_empty() || is_given("--help") {
        let words = "USAGE: java [options] kafka.Kafka server.properties [--override property=value]*";
        return Err(Halt::Usage(words.to_string()));
    }
    if is_given("--version") {
        return Err(Halt::Answer(cluster::Profile::default().version().to_string()));
    }
    let mut properties = tool.load_properties(&arguments[0])?;
    let options = Options::parse(TABLE, &arguments[1..])?;
    let others = options.others();
    if !others.is_empty() {
        return Err(Halt::Usage(format!("Found non argument parameters: {}", others.join(","))));
    }
    properties.extend(key_values(&options.values("override")));
    let file = of(properties, tool)?;
    let ensemble = formatted(&file.directories, tool)?;
    if ensemble.found.is_empty() {
        let why = "No readable meta.properties files found.";
        return Err(KafkaError::new("java.lang.RuntimeException", why).into());
    }
    verify(&ensemble.found, None, file.node_id)?;
    let failed = |why: String| Err(KafkaError::new("java.lang.RuntimeException", why).into());
    if ensemble.errors.contains(&file.metadata_directory) {
        let directory = &file.metadata_directory;
        return failed(format!("Encountered I/O error in metadata log directory {directory}. Cannot continue."));
    }
    if let Some(directory) = ensemble.empty.iter().next() {
        return failed(format!(
            "No `meta.properties` found in {directory} (have you run `kafka-storage.sh` to format the directory?)"
        ));
    }
    Err(Halt::Refused(
        "This machine is a terminal: it runs tools, no servers. The servers of the cluster are started with their own \
         buttons, or with ! start."
            .to_string(),
    ))
}

fn stop(tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    tool.println("No kafka server to stop");
    Err(Halt::Exit(1))
}

fn thrown(error: KafkaError, tool: &mut Run<'_, '_, '_>) {
    let time = tool.log_time();
    tool.println(format!("[{time}] ERROR Exiting Kafka due to fatal exception (kafka.Kafka$)"));
    tool.print(error.stack_trace());
}
