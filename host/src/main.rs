//! The `oz` program: one command a module of the library, see `oz --help`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Offset Zero: a whole Apache Kafka, simulated, in a browser tab and on this machine.
#[derive(Parser)]
#[command(name = "oz", version, arg_required_else_help = true, after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples:
  cargo oz play                                    build the page and open it to this machine's browsers
  cargo oz test                                    prove everything, a real browser included
  cargo oz run --check tests/scripts/first/*.kafka  compare scripts with what a real Kafka answered";

#[derive(Subcommand)]
enum Command {
    /// Install what is missing, build the page and serve it on localhost.
    #[command(after_help = "Examples:
  cargo oz play                 http://localhost:8080
  cargo oz play --port 8090     when 8080 is taken

The tools go into target/tools; delete that folder to be rid of them. Ctrl-C ends the server.")]
    Play {
        /// The port on localhost.
        #[arg(long, default_value_t = 8080)]
        port: u16,
    },
    /// Run every test there is: formatting, lints, the engine, the recorded scripts, the page in Chromium.
    #[command(after_help = "Examples:
  cargo oz test                  everything; installs Chromium with apt-get where it is missing and may be
  cargo oz test --skip-browser   without wasm, the page and Chromium

The last line is `N passed, N failed`; the exit code is 1 when anything failed. Logs and screenshots stay in target/.")]
    Test {
        /// Leave out everything that needs wasm, the built page or Chromium.
        #[arg(long)]
        skip_browser: bool,
    },
    /// Play .kafka scripts in virtual time and print their transcripts.
    #[command(after_help = "Examples:
  cargo oz run tests/scripts/first/quickstart.kafka
  cargo oz run --check tests/scripts/first/*.kafka    passed of total, and where the first difference is

The format is described in tests/scripts/README.md. Exit code 1 when a script differs or cannot be played.")]
    Run {
        /// Compare with the recorded answers instead of printing the transcript.
        #[arg(long)]
        check: bool,
        /// The scripts.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Check files of vectors: what Kafka's own classes answered, against what the engine answers.
    #[command(after_help = "Examples:
  cargo oz vectors tests/vectors/murmur2.json
  cargo oz vectors tests/vectors/*.json    agreeing of total a file, and the first case that differs")]
    Vectors {
        /// The files of vectors.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Work on lessons.
    Lesson {
        #[command(subcommand)]
        command: LessonCommand,
    },
    /// Put whole clusters under random faults, checking every invariant after every event.
    #[command(after_help = "Examples:
  cargo oz swarm --seeds 1000            seeds 0 to 999
  cargo oz swarm --seeds 1 --from 17     one that failed, again
  cargo oz swarm --from 17 --plan FILE   another plan on the cluster of seed 17
  cargo oz swarm --from 17 --plan FILE --trace topic-1    and every event with this word in it

A failure is a line SEED=.. EVENT=.. CHECK=.., and the plan cut down to what it needs. Exit code 1 when a seed fails.")]
    Swarm {
        /// How many seeds.
        #[arg(long, default_value_t = 256)]
        seeds: u64,
        /// The first seed.
        #[arg(long, default_value_t = 0)]
        from: u64,
        /// Runs at the same time.
        #[arg(long, default_value_t = 2)]
        threads: usize,
        /// Play this plan instead of drawn ones, in the form in which a failure prints it.
        #[arg(long)]
        plan: Option<PathBuf>,
        /// With a plan: print every event that has this word in it.
        #[arg(long, requires = "plan")]
        trace: Option<String>,
    },
    /// Feed damaged input to every parser: batches, messages, folders, scripts, lines, lessons, links.
    #[command(after_help = "Examples:
  cargo oz fuzz --inputs 10000000                        shared by all targets
  cargo oz fuzz --target batch --from 4711 --inputs 1    one input again

Input N of a target is the same bytes every time. A panic ends the program, after a line that says which input it was.")]
    Fuzz {
        /// How many inputs.
        #[arg(long, default_value_t = 1_000_000)]
        inputs: u64,
        /// The number of the first.
        #[arg(long, default_value_t = 0)]
        from: u64,
        /// Only this target.
        #[arg(long)]
        target: Option<String>,
        /// Inputs at the same time.
        #[arg(long, default_value_t = 2)]
        threads: usize,
    },
    /// Do the work that wasm must do alike, and print what it came to.
    #[command(after_help = "Examples:
  cargo oz parity              32 seeds, every lesson
  cargo oz parity --seeds 4    fewer

A line for each: what, its two numbers, the digest over every reply, events, microseconds. The tests in tests/browser and
`oz bench` do the same work in Chromium and compare.")]
    Parity {
        /// How many seeds of random acts.
        #[arg(long, default_value_t = 32)]
        seeds: u64,
    },
    /// Measure: events a second, sizes of the downloads, the page in Chromium.
    #[command(after_help = "Examples:
  cargo oz bench                  all sections
  cargo oz bench --skip-browser   the native ones and the sizes
  cargo oz bench --many 100000    only: 1,000 brokers with 100,000 partitions for ten virtual minutes")]
    Bench {
        /// Leave out what needs Chromium.
        #[arg(long)]
        skip_browser: bool,
        /// Only 1,000 brokers at rest with so many partitions, beside 3.
        #[arg(long)]
        many: Option<u32>,
    },
}

#[derive(Subcommand)]
enum LessonCommand {
    /// Check lessons both ways: solutions pass, unsolved fails, each named wrong path fails with its own words.
    #[command(after_help = "Examples:
  cargo oz lesson check                                           all of lessons/
  cargo oz lesson check lessons/01-quickstart/01-first-topic.md    one that you are writing")]
    Check {
        /// Lesson files; all of lessons/ when none is named.
        files: Vec<PathBuf>,
    },
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Play { port } => oz::play::play(port),
        Command::Test { skip_browser } => oz::test::test(skip_browser),
        Command::Run { check, files } => oz::run::run(check, &files),
        Command::Vectors { files } => oz::vectors::vectors(&files),
        Command::Lesson { command: LessonCommand::Check { files } } => oz::lesson::check(&files),
        Command::Swarm { from, plan: Some(plan), trace, .. } => oz::swarm::replay(from, &plan, trace),
        Command::Swarm { seeds, from, threads, plan: None, .. } => oz::swarm::swarm(from, seeds, threads),
        Command::Fuzz { inputs, from, target, threads } => oz::fuzz::fuzz(target.as_deref(), from, inputs, threads),
        Command::Parity { seeds } => oz::parity::parity(seeds),
        Command::Bench { skip_browser, many } => oz::bench::bench(skip_browser, many),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(reason) => {
            eprintln!("\noz: {reason}");
            ExitCode::FAILURE
        }
    }
}
