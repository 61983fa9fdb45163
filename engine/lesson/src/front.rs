//! Front matter: `key: value` lines between two `---` lines.

use crate::model::Cluster;
use crate::parse::Mistake;

#[derive(Clone, Debug)]
pub struct Front {
    pub id: String,
    pub title: String,
    pub chapter: String,
    pub minutes: u32,
    pub covers: Vec<String>,
    pub needs: Vec<String>,
    pub misconception: String,
    pub cluster: Cluster,
    pub seed: u64,
    /// Lines of the file that the front matter takes.
    pub lines: usize,
}

/// Reads the front matter; what is wrong is added to `mistakes` and the default stands in.
pub fn parse(lines: &[&str], mistakes: &mut Vec<Mistake>) -> Front {
    let mut front = Front {
        id: String::new(),
        title: String::new(),
        chapter: String::new(),
        minutes: 0,
        covers: Vec::new(),
        needs: Vec::new(),
        misconception: String::new(),
        cluster: Cluster { version: "4.3".to_string(), brokers: 1, controllers: 1, config: Vec::new() },
        seed: 1,
        lines: 0,
    };
    if lines.first().map(|line| line.trim()) != Some("---") {
        mistakes.push(Mistake::new(1, "a lesson begins with front matter between two lines `---`"));
        return front;
    }
    let Some(end) = lines.iter().skip(1).position(|line| line.trim() == "---") else {
        mistakes.push(Mistake::new(1, "the front matter is not closed with `---`"));
        front.lines = lines.len();
        return front;
    };
    for (i, line) in lines[1..=end].iter().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if let Err(words) = front.set(line) {
            mistakes.push(Mistake::new(i as u32 + 2, words));
        }
    }
    front.lines = end + 2;
    for (key, is_missing) in
        [("id", front.id.is_empty()), ("title", front.title.is_empty()), ("minutes", front.minutes == 0)]
    {
        if is_missing {
            mistakes.push(Mistake::new(1, format!("the front matter has no `{key}`")));
        }
    }
    front
}

impl Front {
    fn set(&mut self, line: &str) -> Result<(), String> {
        let Some((key, value)) = line.split_once(':') else { return Err(format!("`{line}` is not `key: value`")) };
        let (key, value) = (key.trim(), value.trim().to_string());
        let list = || value.split(',').map(|item| item.trim().to_string()).filter(|item| !item.is_empty()).collect();
        match key {
            "id" => self.id = value,
            "title" => self.title = value,
            "chapter" => self.chapter = value,
            "minutes" => self.minutes = number(key, &value)? as u32,
            "covers" => self.covers = list(),
            "needs" => self.needs = list(),
            "misconception" => self.misconception = value,
            "kafka" => self.cluster.version = value,
            "seed" => self.seed = number(key, &value)?,
            "brokers" => self.cluster.brokers = number(key, &value)? as u32,
            "controllers" => self.cluster.controllers = number(key, &value)? as u32,
            _ => return self.set_config(key, &value),
        }
        Ok(())
    }

    /// `config: KEY=VALUE` or `config b2: KEY=VALUE`.
    fn set_config(&mut self, key: &str, value: &str) -> Result<(), String> {
        let Some(host) = key.strip_prefix("config") else {
            return Err(format!("`{key}` is no word of the front matter"));
        };
        let Some((name, value)) = value.split_once('=') else { return Err(format!("`{value}` is not KEY=VALUE")) };
        let host = Some(host.trim().to_string()).filter(|host| !host.is_empty());
        self.cluster.config.push((host, name.trim().to_string(), value.trim().to_string()));
        Ok(())
    }
}

fn number(key: &str, value: &str) -> Result<u64, String> {
    value.parse().map_err(|_| format!("`{key}` is a number, not `{value}`"))
}
