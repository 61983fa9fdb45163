//! What the tool counts and prints (`ProducerPerformance.Stats`): whole numbers, divided only where they are shown.

use base::Micros;

/// Latencies that are kept for the percentiles.
const LATENCIES_MAX: u64 = 500_000;

/// Milliseconds and bytes of the records that were acknowledged, all together and since the last report.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Stats {
    start: Micros,
    sampling: u64,
    latencies: Vec<u32>,
    all: Sums,
    window: Sums,
    window_start: Micros,
    reporting: Micros,
    steady: bool,
    suppressed: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Sums {
    count: u64,
    bytes: u64,
    latency: u64,
    max: u64,
}

impl Sums {
    fn add(&mut self, latency: u64, bytes: u64) {
        self.count += 1;
        self.bytes += bytes;
        self.latency += latency;
        self.max = self.max.max(latency);
    }

    /// Records and mebibytes a second.
    fn rates(&self, elapsed: Micros, digits: u32) -> (String, String) {
        let ms = u128::from(elapsed.as_ms());
        let (count, bytes) = (u128::from(self.count) * 1_000, u128::from(self.bytes) * 1_000);
        (ratio(count, ms, digits), ratio(bytes, ms * 1_048_576, 2))
    }
}

impl Stats {
    pub fn new(records: u64, reporting_ms: u64, steady: bool, now: Micros) -> Stats {
        Stats {
            start: now,
            sampling: records / records.clamp(1, LATENCIES_MAX),
            latencies: Vec::new(),
            all: Sums::default(),
            window: Sums::default(),
            window_start: now,
            reporting: Micros::from_ms(reporting_ms),
            steady,
            suppressed: false,
        }
    }

    /// Reports are the other one's from now on.
    pub fn suppress(&mut self) {
        self.suppressed = true;
    }

    /// Notes a record; what is to be printed if a report is due.
    pub fn record(&mut self, latency: u64, bytes: u64, now: Micros) -> Option<String> {
        if self.all.count.is_multiple_of(self.sampling.max(1)) {
            self.latencies.push(latency as u32);
        }
        self.all.add(latency, bytes);
        self.window.add(latency, bytes);
        let elapsed = now.saturating_sub(self.window_start);
        if elapsed < self.reporting {
            return None;
        }
        let mut text = String::new();
        if self.steady && self.all.count == self.window.count {
            text.push_str("In steady state.\n");
        }
        if !self.suppressed {
            let Sums { count, latency, max, .. } = self.window;
            let (records, megabytes) = self.window.rates(elapsed, 1);
            let average = ratio(latency.into(), count.into(), 1);
            text.push_str(&format!(
                "{count} records sent, {records} records/sec ({megabytes} MB/sec), {average} ms avg latency, {max}.0 ms max \
                 latency.\n"
            ));
        }
        (self.window, self.window_start) = (Sums::default(), now);
        Some(text)
    }

    /// The summary.
    pub fn total(&self, now: Micros) -> String {
        let mut sorted = self.latencies.clone();
        base::ordered::sort(&mut sorted);
        let percentile = |permille: usize| sorted.get(sorted.len() * permille / 1_000).copied().unwrap_or(0);
        let Sums { count, latency, max, .. } = self.all;
        let (records, megabytes) = self.all.rates(now.saturating_sub(self.start), 6);
        format!(
            "{count}{} records sent, {records} records/sec ({megabytes} MB/sec), {} ms avg latency, {max}.00 ms max latency, {} ms \
             50th, {} ms 95th, {} ms 99th, {} ms 99.9th.",
            if self.steady { " steady state" } else { "" },
            ratio(latency.into(), count.into(), 2),
            percentile(500),
            percentile(950),
            percentile(990),
            percentile(999)
        )
    }
}

/// A quotient with that many digits behind the point, rounded as Java's `%f` does.
fn ratio(numerator: u128, denominator: u128, digits: u32) -> String {
    match (numerator, denominator) {
        (0, 0) => "NaN".to_string(),
        (_, 0) => "Infinity".to_string(),
        _ => {
            let unit = 10u128.pow(digits);
            let scaled = (numerator * unit * 2 + denominator) / (denominator * 2);
            format!("{}.{:0width$}", scaled / unit, scaled % unit, width = digits as usize)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_has_its_percentiles_and_rates() {
        let mut stats = Stats::new(4, 5_000, false, Micros::ZERO);
        for latency in [1, 2, 3, 10] {
            assert_eq!(stats.record(latency, 524_288, Micros::from_ms(10)), None);
        }
        assert_eq!(
            stats.total(Micros::from_ms(3_000)),
            "4 records sent, 1.333333 records/sec (0.67 MB/sec), 4.00 ms avg latency, 10.00 ms max latency, 3 ms 50th, 10 ms \
             95th, 10 ms 99th, 10 ms 99.9th."
        );
    }

    #[test]
    fn a_window_is_reported_when_its_time_is_over() {
        let mut stats = Stats::new(10, 5_000, true, Micros::ZERO);
        stats.record(4, 100, Micros::from_ms(100));
        let report = stats.record(5, 100, Micros::from_ms(5_000)).unwrap();
        assert_eq!(
            report,
            "In steady state.\n2 records sent, 0.4 records/sec (0.00 MB/sec), 4.5 ms avg latency, 5.0 ms max latency.\n"
        );
        assert_eq!(Stats::new(1, 1, false, Micros::ZERO).total(Micros::ZERO).split(' ').nth(3), Some("NaN"));
    }
}
