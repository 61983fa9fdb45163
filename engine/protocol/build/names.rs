//! Kafka's names in Rust's spelling.

/// Words that Rust keeps for itself; a field of that name is written `r#type`.
const KEYWORDS: [&str; 4] = ["type", "match", "ref", "move"];

/// `ReplicaId` and `replicaId` become `replica_id`; a run of capitals is one word (`KRaftVersion` is `kraft_version`).
pub fn snake(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (i, letter) in letters.iter().enumerate() {
        let starts_word = letter.is_ascii_uppercase() && i > 0 && !letters[i - 1].is_ascii_uppercase();
        if starts_word {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

/// The Rust identifier of a field.
pub fn field(name: &str) -> String {
    let snake = snake(name);
    if KEYWORDS.contains(&snake.as_str()) { format!("r#{snake}") } else { snake }
}

/// The name of a field as Kafka's errors and JSON print it: the first letter small.
pub fn camel(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_lowercase().to_string() + letters.as_str()).unwrap_or_default()
}
