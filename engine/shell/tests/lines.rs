//! Lines as a learner types them, and what the terminal shows: quotes, pipes, lists, loops, redirections, text tools.

use base::{Micros, NodeId};
use cluster::{Control, Event, Kafka};
use shell::{Terminal, TerminalSpec};
use sim::{Boot, Disk, Effects, Input, Node, World};

#[derive(Clone, Debug, Hash)]
struct Host(Terminal);

impl Node for Host {
    type Domain = Kafka;
    type Spec = TerminalSpec;
    fn boot(spec: &TerminalSpec, boot: Boot) -> Host {
        Host(Terminal::boot(spec, boot))
    }
    fn on_input(&mut self, now: Micros, input: Input<Kafka>, fx: &mut Effects<'_, Kafka>) {
        self.0.on_input(now, input, fx);
    }
    fn disk(&self) -> &Disk {
        self.0.disk()
    }

    fn disk_mut(&mut self) -> &mut Disk {
        self.0.disk_mut()
    }

    fn into_disk(self) -> Disk {
        self.0.into_disk()
    }
}

struct Screens {
    world: World<Host>,
}

impl Screens {
    fn new() -> Screens {
        let mut world = World::new(1);
        let terminals = vec![NodeId(0), NodeId(1)];
        for name in ["t1", "t2"] {
            let node = world.add(name, TerminalSpec { name: name.to_string(), terminals: terminals.clone() });
            world.start(node);
        }
        Screens { world }
    }

    fn act(&mut self, terminal: u32, control: Control) -> (String, Option<i32>) {
        self.world.control(NodeId(terminal), control);
        let mut events = Vec::new();
        let until = self.world.now() + Micros::from_secs(100);
        while self.world.step(until, &mut events) {}
        let mut text = String::new();
        let mut exit = None;
        for stamped in events {
            match stamped.event {
                Event::Output { text: more, .. } => text.push_str(&more),
                Event::CommandEnded { exit: status, .. } => exit = Some(status),
                _ => {}
            }
        }
        (text, exit)
    }

    fn run(&mut self, line: &str) -> (String, Option<i32>) {
        self.act(0, Control::Type(line.to_string()))
    }
}

#[test]
fn lines_print_what_bash_prints() {
    let cases = [
        ("echo hello   world", "hello world\n", 0),
        ("echo 'a  b' \"c  d\" e\\ f", "a  b c  d e f\n", 0),
        (r"printf 'a\nb\n'", "a\nb\n", 0),
        (r"printf '%s-%s\n' 1 2 3 4", "1-2\n3-4\n", 0),
        (r"printf 'b\na\nc\n' | sort", "a\nb\nc\n", 0),
        (r"printf 'b\na\nc\n' | sort -r | head -1", "c\n", 0),
        (r"printf '10\n9\n' | sort -n", "9\n10\n", 0),
        (r"printf 'a\na\nb\n' | uniq -c", "      2 a\n      1 b\n", 0),
        (r"printf 'a b\nc\n' | wc -l", "2\n", 0),
        (r"printf 'a b\nc\n' | wc", "      2       3       6\n", 0),
        (r"printf 'a.b.c\n' | cut -d . -f 1,3", "a.c\n", 0),
        (r"printf 'abc\n' | tr a-c A-C", "ABC\n", 0),
        (r"printf 'one\ntwo\n' | grep -v one", "two\n", 0),
        (r"printf 'one\n' | grep -c two", "0\n", 1),
        (r"printf 'a+b\nab\n' | grep a+b", "a+b\n", 0),
        (r"printf 'aab\n' | grep -oE 'a+'", "aa\n", 0),
        (r"printf 'x1\n' | sed 's/x\([0-9]\)/y\1z/'", "y1z\n", 0),
        (r"printf '1\n2\n3\n' | tail -n +2", "2\n3\n", 0),
        ("true && echo yes || echo no", "yes\n", 0),
        ("false && echo yes || echo no", "no\n", 0),
        ("false; echo $?", "1\n", 0),
        ("for k in a b; do echo $k:x; done", "a:x\nb:x\n", 0),
        ("for k in 3 1 2; do echo $k; done | sort", "1\n2\n3\n", 0),
        ("K=v; echo $K \"$K\" '$K'", "v v $K\n", 0),
        ("nonsense --flag", "bash: line 1: nonsense: command not found\n", 127),
        ("nonsense 2>/dev/null", "", 127),
        ("nonsense 2>&1 | cut -d : -f 3", " nonsense\n", 0),
        ("cat missing.txt", "cat: missing.txt: No such file or directory\n", 1),
        ("cat < missing.txt", "bash: line 1: missing.txt: No such file or directory\n", 1),
        ("head -z", "head: invalid option -- 'z'\nTry 'head --help' for more information.\n", 1),
        ("echo 'open", "bash: -c: line 1: unexpected EOF while looking for matching `''\n", 2),
        ("| head", "bash: -c: line 1: syntax error near unexpected token `|'\n", 2),
        ("", "", 0),
        ("# a comment", "", 0),
    ];
    for (line, expected, status) in cases {
        let (text, exit) = Screens::new().run(line);
        assert_eq!((text.as_str(), exit), (expected, Some(status)), "{line}");
    }
}

/// As GNU grep 3.8 answered.
#[test]
fn grep_shows_what_stands_around_a_line() {
    let cases = [
        ("grep -A1 b x", "b1\nc\n--\nb2\nf\nb3\ng\n", 0),
        ("grep -n -B1 b x", "1-a\n2:b1\n--\n5-e\n6:b2\n7-f\n8:b3\n", 0),
        ("grep -C1 b x y", "x-a\nx:b1\nx-c\n--\nx-e\nx:b2\nx-f\nx:b3\nx-g\n--\ny-q\ny:b4\ny-r\n", 0),
        ("grep -hn -A 1 b4 x y", "2:b4\n3-r\n", 0),
        ("grep -c -A1 b x", "3\n", 0),
        ("grep -o -A1 b x", "b\n--\nb\nb\n", 0),
        ("grep -m1 -A2 b x", "b1\nc\nd\n", 0),
        ("grep -A0 b x", "b1\n--\nb2\n--\nb3\n", 0),
        ("grep -q -B1 b x", "", 0),
        ("grep -Ax b x", "grep: x: invalid context length argument\n", 2),
    ];
    let mut screens = Screens::new();
    screens.run(r"printf 'a\nb1\nc\nd\ne\nb2\nf\nb3\ng\nh\n' > x; printf 'q\nb4\nr\n' > y");
    for (line, expected, status) in cases {
        let (text, exit) = screens.run(line);
        assert_eq!((text.as_str(), exit), (expected, Some(status)), "{line}");
    }
}

#[test]
fn files_written_in_one_terminal_are_there_in_the_other() {
    let mut screens = Screens::new();
    screens.run("printf 'one\\n' > notes.txt");
    screens.run("echo two >> notes.txt");
    assert_eq!(screens.act(1, Control::Type("cat notes.txt".into())).0, "one\ntwo\n");
    assert_eq!(screens.run("ls").0, "notes.txt\n");
    screens.act(1, Control::Type("echo three > notes.txt".into()));
    assert_eq!(screens.run("cat *.txt").0, "three\n");
}

#[test]
fn a_program_that_reads_gets_what_is_typed_until_ctrl_d() {
    let mut screens = Screens::new();
    assert_eq!(screens.run("sort"), (String::new(), None));
    screens.run("b");
    screens.run("a");
    assert_eq!(screens.act(0, Control::EndOfInput), ("a\nb\n".to_string(), Some(0)));
}

#[test]
fn ctrl_c_ends_the_line_and_sleep_ends_by_itself() {
    let mut screens = Screens::new();
    assert_eq!(screens.run("cat; echo after").1, None);
    assert_eq!(screens.act(0, Control::Interrupt).1, Some(130));
    let before = screens.world.now();
    assert_eq!(screens.run("sleep 1.5 && echo awake"), ("awake\n".to_string(), Some(0)));
    assert_eq!(screens.world.now() - before, Micros(1_500_000));
}

#[test]
fn deep_nesting_is_refused_in_words() {
    let line = format!("{} echo x; {}", "{ ".repeat(10_000), "}; ".repeat(10_000));
    let (text, exit) = Screens::new().run(&line);
    assert_eq!((text.contains("nested groups"), exit), (true, Some(2)));
}
