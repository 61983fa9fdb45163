//! What the page asks of the engine.

use serde::{Deserialize, Serialize};

/// One command with the number that its reply will carry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    pub seq: u32,
    pub command: Command,
}

/// The cluster of a session.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterSpec {
    /// `4.3`; other profiles are refused with words until their engines exist.
    pub version: String,
    /// Brokers b1, b2, ... with node ids 1, 2, ...; 1 to 100.
    pub brokers: u32,
    /// KRaft controllers c1, ... with node ids 101, ...
    pub controllers: u32,
    /// `KEY=VALUE` for every server (`None`) or for one host (`b2`, `c1`).
    pub config: Vec<(Option<String>, String, String)>,
}

/// A server or the program in a terminal, by its host name (`b1`, `c1`, `t2`).
pub type Target = String;

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Fault {
    /// SIGKILL.
    Kill(Target),
    /// SIGTERM: controlled shutdown.
    Stop(Target),
    Start(Target),
    /// SIGSTOP and SIGCONT.
    Pause(Target),
    Resume(Target),
    /// Lose the disk of a server that is down.
    Wipe(Target),
    /// Edit the property file of a server that is down.
    Config {
        target: Target,
        key: String,
        value: String,
    },
    /// Nothing passes from one host to the other, in this direction, until healed.
    Cut {
        from: Target,
        to: Target,
    },
    Heal,
    /// The disk holds no more than this (0: whatever comes), and takes this long for each write.
    Disk {
        target: Target,
        size: u64,
        delay_ms: u64,
    },
}

impl Fault {
    /// What stands behind `disk b2` in a line: `size=200KB delay=40ms`, either or neither. With neither the disk is well.
    pub fn disk(target: Target, words: &str) -> Option<Fault> {
        let (mut size, mut delay_ms) = (0, 0);
        for word in words.split_whitespace() {
            let (key, value) = word.split_once('=')?;
            let number = value.trim_end_matches(|c: char| !c.is_ascii_digit());
            let factor = match (key, &value[number.len()..]) {
                ("size", "MB") => 1_000_000,
                ("size", "KB") => 1_000,
                ("size", "" | "B") | ("delay", "" | "ms") => 1,
                ("delay", "s") => 1_000,
                _ => return None,
            };
            let amount = number.parse::<u64>().ok().filter(|amount| *amount <= 1_000_000)? * factor;
            *(if key == "size" { &mut size } else { &mut delay_ms }) = amount;
        }
        Some(Fault::Disk { target, size, delay_ms })
    }
}

/// What is asked of the engine. Commands that change the world are recorded in the session; the others only look.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    // ---- recorded: they make history
    Boot {
        spec: ClusterSpec,
        seed: u64,
    },
    /// A whole line typed into a terminal, with Enter. Starts a command, or is the input of the running one.
    Type {
        terminal: String,
        line: String,
    },
    /// Ctrl-C.
    Interrupt {
        terminal: String,
    },
    /// Ctrl-D.
    EndOfInput {
        terminal: String,
    },
    Fault(Fault),

    // ---- time
    /// Runs until `us` microseconds have passed, or `events_max` kernel events are done, or the worker's time budget is
    /// used up; the reply's `now_us` tells how far it came.
    Run {
        us: u64,
        events_max: u32,
    },
    /// Runs like `Run` while there is nothing to watch, and ends with the first step after which there is: an event with
    /// words, or a message that has just left and is worth watching whatever it carries (`FlightView::LOUD`).
    Pass {
        us: u64,
        events_max: u32,
    },
    /// Runs until no terminal command runs that will end by itself (or 120 virtual seconds have passed).
    RunUntilIdle {
        terminal: String,
    },
    /// To the next or the previous event of the stream (`EventView`), or beat.
    StepEvent {
        forward: bool,
    },
    StepBeat {
        forward: bool,
    },
    /// To an event index (see `Reply::index`); the past is shown as it was, the future stays recorded.
    Seek {
        index: u64,
    },
    /// Goes on with what the last reply left unfinished (`Reply::more`), a run aside.
    Continue,
    /// Makes the position the start of a new branch, named by the engine if `name` is empty.
    Fork {
        name: String,
    },
    SwitchBranch {
        name: String,
    },
    Undo,
    Redo,

    // ---- looking
    /// Why a value is what it is.
    Why(Question),
    Complete {
        terminal: String,
        line: String,
        cursor: u32,
    },
    /// A file of the virtual disks (`b1/kafka-logs/...`).
    ReadFile {
        path: String,
    },
    /// A replica's log on its disk, opened at an offset.
    ReadLog {
        topic: String,
        partition: i32,
        broker: i32,
        offset: i64,
    },

    /// What a message under way says.
    ReadFlight {
        id: u64,
    },
    /// Kafka's metrics over the time of this branch, process by process.
    ReadMetrics,

    // ---- lessons
    /// Loads a lesson from its text and boots its cluster.
    LoadLesson {
        name: String,
        text: String,
        seed: Option<u64>,
    },
    /// Goes to a step of the loaded lesson; the world goes to where that step begins if it was there before.
    LessonStep {
        step: u32,
    },
    /// Commits to an option of the step's prediction; the engine runs the future on a copy and marks it.
    Predict {
        option: u32,
    },
    Check,
    /// Opens the next hint of the step.
    Hint,
    /// Plays the solution of the step. Never counts as solved.
    ShowMe,

    // ---- the session as data
    /// Asks for the link of this session.
    Export,
    /// A link's fragment. With `preview` nothing is changed; the reply says what it holds.
    Import {
        fragment: String,
        preview: bool,
    },
    Digest,
}

impl Command {
    /// Whether time passes by it and it is asked again and again while one watches.
    pub fn is_run(&self) -> bool {
        matches!(self, Self::Run { .. } | Self::Pass { .. })
    }
}

/// A value that can surprise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Question {
    HighWatermark {
        topic: String,
        partition: i32,
    },
    Isr {
        topic: String,
        partition: i32,
    },
    Leader {
        topic: String,
        partition: i32,
    },
    LogEndOffset {
        topic: String,
        partition: i32,
        broker: i32,
    },
    /// Why the last send of a client was refused or waits.
    Send {
        client: String,
    },
}
