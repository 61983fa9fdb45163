//! What a person does on the page of a running cluster: lines in terminals, switches of servers, steps of a lesson.

use std::time::{Duration, Instant};

use lesson::script::Line;

use crate::Tab;

/// How long the page must say nothing new until it is taken to be at rest.
const CALM: Duration = Duration::from_millis(350);
/// A check may wait for a minute of cluster time, which is run on this machine.
const PATIENCE: Duration = Duration::from_secs(90);
const LOOK: Duration = Duration::from_millis(50);
/// Stops of the Tab key that a page may have, twice round.
const STOPS_MAX: usize = 240;

/// With what hands a lesson is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hands {
    /// Whatever can be clicked is clicked: the lesson's lines, the servers on the stage and their switches.
    Mouse,
    /// Everything is typed, the switches too, and buttons are reached by Tab.
    Keys,
}

impl Tab {
    /// Waits until time stands still and no reply has come for a moment.
    pub async fn rest(&self) -> Result<(), String> {
        let look = "`${document.querySelector('.app')?.dataset.seq} ${document.querySelector('button[aria-label=Pause]') !== null}`";
        let (started, mut since, mut before) = (Instant::now(), Instant::now(), String::new());
        while started.elapsed() < PATIENCE {
            let now: String = self.evaluate(look).await?;
            if now != before || now.ends_with("true") {
                (before, since) = (now, Instant::now());
            } else if since.elapsed() > CALM {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
        Err(format!("the page does not come to rest in {} s", PATIENCE.as_secs()))
    }

    /// Gives an element the focus without a click.
    pub async fn focus(&self, selector: &str) -> Result<(), String> {
        self.wait_for(selector).await?;
        self.evaluate::<bool>(&format!("(document.querySelector({selector:?}).focus(), true)")).await.map(drop)
    }

    /// Presses Tab until the focus is on a place; nothing but keys is used. The page is a ring, so every place is met; in a
    /// terminal, where Tab completes, it goes round the other way.
    pub async fn reach(&self, selector: &str) -> Result<(), String> {
        self.wait_for(selector).await?;
        let there = format!("document.activeElement?.matches({selector:?}) ?? false");
        let mut key = "Tab";
        for _ in 0..STOPS_MAX {
            if self.evaluate::<bool>(&there).await? {
                return Ok(());
            }
            if self.evaluate::<bool>("document.activeElement?.matches('input.line') ?? false").await? {
                key = "Shift+Tab";
            }
            self.press(key).await?;
        }
        Err(format!("Tab never comes to {selector}"))
    }

    /// Presses a button: by the mouse, or by Tab and Enter.
    pub async fn push(&self, hands: Hands, selector: &str) -> Result<(), String> {
        match hands {
            Hands::Mouse => self.click(selector).await,
            Hands::Keys => {
                self.reach(selector).await?;
                self.press("Enter").await
            }
        }
    }

    /// Opens the terminal drawer with this terminal in front.
    pub async fn terminal(&self, hands: Hands, name: &str) -> Result<(), String> {
        if self.count(".tt").await? == 0 {
            // On a narrow page the terminal is a tab of the sheet.
            let narrow: bool = self.evaluate("innerWidth < 900").await?;
            self.push(hands, if narrow { ".stabs [role=tab]:last-of-type" } else { ".dbar button" }).await?;
        }
        self.wait_for(".tt").await?;
        for _ in 0..8 {
            let tabs: Vec<String> = self
                .evaluate("[...document.querySelectorAll('.tt .ttabs [role=tab]')].map(e => e.firstChild.textContent)")
                .await?;
            let place = match tabs.iter().position(|tab| tab == name) {
                Some(at) => format!(".tt .ttabs [role=tab]:nth-child({})", at + 1),
                None => ".tt .ttabs [aria-label='New terminal']".to_owned(),
            };
            let is_open = format!("document.querySelector('.tt .ttabs .on')?.firstChild.textContent === '{name}'");
            if self.evaluate::<bool>(&is_open).await? {
                return self.focus("input.line").await;
            }
            self.push(hands, &place).await?;
            tokio::time::sleep(LOOK).await;
        }
        Err(format!("terminal {name} cannot be opened"))
    }

    /// Types a line into a terminal and waits until the world is at rest. A command waits for the prompt.
    pub async fn line(&self, hands: Hands, terminal: &str, line: &str, is_input: bool) -> Result<(), String> {
        self.terminal(hands, terminal).await?;
        let at_prompt: bool = self.evaluate("document.querySelector('.prompt .ps') !== null").await?;
        if !at_prompt && !is_input {
            // What ends by itself is given the time; what stays is stopped.
            let stays: bool = self
                .evaluate("document.querySelector('.still') === null || document.querySelector('.tt .ttabs .on').innerText.includes('consumer')")
                .await?;
            if stays {
                self.press("Control+c").await?;
            } else {
                self.push(Hands::Keys, "button[aria-label=Play]").await?;
            }
            self.wait_for(".prompt .ps").await?;
            if !stays {
                self.push(Hands::Keys, "button[aria-label=Pause]").await?;
            }
            self.rest().await?;
            self.focus("input.line").await?;
        }
        self.type_text(line).await?;
        self.press("Enter").await?;
        self.rest().await
    }

    /// Breaks or mends a server.
    pub async fn switch(&self, hands: Hands, verb: &str, host: &str) -> Result<(), String> {
        match hands {
            Hands::Keys => self.line(hands, "t7", &format!("{verb} {host}"), false).await,
            Hands::Mouse => {
                let number = host.trim_start_matches('b');
                self.click(&format!("g[aria-label='Broker {number}'] .earnum")).await?;
                let name = format!("{}{}", verb[..1].to_uppercase(), &verb[1..]);
                self.wait_for_text("#inspector", &format!("broker {number}")).await?;
                self.click(&format!("text={name}")).await?;
                self.rest().await
            }
        }
    }

    /// Does one line of a lesson's solution.
    pub async fn play(&self, hands: Hands, line: &Line) -> Result<(), String> {
        match line {
            Line::Command { terminal, line } => {
                let shown = format!(
                    "[...document.querySelectorAll('.runbox')].flatMap(b => [...b.querySelectorAll('.runline')].filter(l => b.querySelector('.runname').textContent === {terminal:?} && l.textContent === {:?}))[0]",
                    format!("$ {line}")
                );
                let clickable: bool = self.evaluate(&format!("!!{shown}")).await?;
                if hands == Hands::Mouse && clickable {
                    self.evaluate::<bool>(&format!("({shown}.dataset.test = 'here', true)")).await?;
                    self.click("[data-test=here]").await?;
                    self.evaluate::<bool>("(delete document.querySelector('[data-test=here]')?.dataset.test, true)")
                        .await?;
                    self.rest().await
                } else {
                    self.line(hands, terminal, line, false).await
                }
            }
            Line::Text { terminal, text } => self.line(hands, terminal, text, true).await,
            Line::Interrupt { terminal } => self.chord(hands, terminal, "Control+c").await,
            Line::EndOfInput { terminal } => self.chord(hands, terminal, "Control+d").await,
            Line::Fault { verb, target } => self.switch(hands, verb, target).await,
            Line::Wait { us } => self.wait_in_the_cluster(*us).await,
            Line::Config { target, key, .. } => Err(format!("the page has no switch for {key} of {target}")),
        }
    }

    async fn chord(&self, hands: Hands, terminal: &str, chord: &str) -> Result<(), String> {
        self.terminal(hands, terminal).await?;
        self.press(chord).await?;
        self.rest().await
    }

    /// Lets so much cluster time pass.
    async fn wait_in_the_cluster(&self, us: u64) -> Result<(), String> {
        let clock = "parseFloat(document.querySelector('.clock').textContent)";
        let before: f64 = self.evaluate(clock).await?;
        self.push(Hands::Keys, "button[aria-label=Play]").await?;
        self.wait_until(&format!("{clock} >= {}", before + us as f64 / 1e6), "the cluster's time has passed").await?;
        self.push(Hands::Keys, "button[aria-label=Pause]").await?;
        self.rest().await
    }
}
