//! Damaged input for every parser: an answer or a refusal, never a panic. Long runs: `cargo oz fuzz --help`.

use oz::fuzz::{say_which_input_it_was, targets};

/// Inputs of each target. Each is a different damage of something real.
const INPUTS: u64 = 4_000;
/// With arithmetic checked, as a release build does not: so many inputs of each target instead.
const MORE: &str = "OZ_FUZZ_INPUTS";

#[test]
fn whatever_comes_in_is_taken_or_refused() {
    let inputs = std::env::var(MORE).ok().and_then(|text| text.parse().ok()).unwrap_or(INPUTS);
    say_which_input_it_was();
    for target in targets().expect("the repository has what is damaged") {
        let tally = target.run_on(0, target.share(inputs), 2, &|_| {});
        println!("{}: {tally:?}", target.name);
        assert_eq!(tally.taken + tally.refused, target.share(inputs));
        // A target that takes nothing, or everything, is not looking.
        assert!(tally.taken > 0, "{} takes nothing", target.name);
        assert!(tally.refused > 0, "{} refuses nothing", target.name);
    }
}

#[test]
fn an_input_is_its_number() {
    for target in targets().expect("the repository has what is damaged") {
        assert_eq!(target.input(17), target.input(17));
        let differ = (0..50).filter(|number| target.input(*number) != target.input(number + 1)).count();
        assert!(differ > 40, "{}: inputs repeat", target.name);
    }
}
