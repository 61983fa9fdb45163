//! The replica bars and the record table.

use crate::svg::N;
use std::rc::Rc;

use wire::view::{PartitionView, ReplicaView, Role};
use yew::prelude::*;

use crate::store::{Glyphs, Model, Shown, Tp};
use crate::text::{el, say};

/// Width of a replica's bar.
const BAR: f64 = 84.0;

pub fn replicas_of(model: &Model, tp: &Tp) -> Vec<Rc<ReplicaView>> {
    let of = |(topic, p, _): &(String, i32, i32)| *topic == tp.0 && *p == tp.1;
    model.replicas.iter().filter(|(key, _)| of(key)).map(|(_, view)| view.clone()).collect()
}

/// One bar per replica on one scale, the high watermark as a line through all.
pub fn replica_table(view: &PartitionView, replicas: &[Rc<ReplicaView>], shown: Shown) -> Html {
    let mut rows: Vec<_> = replicas.to_vec();
    crate::order::by(&mut rows, |replica| (rank(replica.role), replica.broker));
    let end = replicas.iter().map(|replica| replica.log_end).max().unwrap_or(0).max(1) + 1;
    let start = replicas.iter().map(|replica| replica.log_start).min().unwrap_or(0);
    let x = |offset: i64| BAR * (offset - start).max(0) as f64 / (end - start).max(1) as f64;
    let row = |replica: &ReplicaView| {
        let offline = replica.role == Role::Offline;
        html! {
            <tr class={classes!(offline.then_some("gone"))}>
                {say("td", "", replica.broker)}{say("td", "", role(replica, view, shown))}
                <td><svg class="rbar" width="84" height="12" viewBox="0 0 84 12" aria-hidden="true">
                    <rect y="3" width="84" height="6" rx="2" class="rb-bg"/>
                    if offline { <path d={format!("M0 6H{}", N(x(replica.log_end)))} class="rb-off"/> }
                    else { <rect y="3" width={format!("{}", N(x(replica.log_end)))} height="6" rx="2" class="rb-on"/> }
                    if let (Some(hw), false) = (view.high_watermark.filter(|_| shown.hw), offline) {
                        <path d={format!("M{} 0v12", N(x(hw).max(1.0)))} class="hw"/>
                    }
                </svg></td>
                {say("td", "n", replica.log_end)}
                if shown.hw { <td class="n">{if offline { "-".to_owned() } else { replica.high_watermark.to_string() }}</td> }
            </tr>
        }
    };
    html! {
        <table><thead><tr>{el("th", "c-id", "#")}{el("th", "", "Role")}<th>{el("span", "sr", "Log")}</th>
            <th class="n">{if shown.hw { "LEO" } else { "Next" }}</th>if shown.hw { {el("th", "n", "HW")} }</tr></thead>
            <tbody>{for rows.iter().map(|replica| row(replica))}</tbody></table>
    }
}

fn rank(role: Role) -> u8 {
    match role {
        Role::Leader => 0,
        Role::Follower => 1,
        Role::Idle => 2,
        Role::Offline => 3,
    }
}

fn role(replica: &ReplicaView, view: &PartitionView, shown: Shown) -> &'static str {
    match replica.role {
        Role::Leader => "leader",
        Role::Follower if shown.isr && !view.isr.contains(&replica.broker) => "follower, out",
        Role::Follower => "follower",
        Role::Idle => "no role yet",
        Role::Offline => "offline",
    }
}

/// The newest records as the leader (or, without one, the longest log) has them.
pub fn records(replicas: &[Rc<ReplicaView>], glyphs: &Glyphs) -> Html {
    let best = replicas.iter().max_by_key(|replica| (replica.role == Role::Leader, replica.log_end));
    let Some(replica) = best.filter(|replica| !replica.cells.is_empty()) else {
        return el("p", "soft", "No records yet. Send one from a terminal with kafka-console-producer.sh.");
    };
    let row = |cell: &wire::view::CellView| {
        let value = match (&cell.value, cell.control) {
            (_, true) => el("i", "muted", "control record"),
            (None, _) => el("i", "muted", "null, a tombstone"),
            (Some(text), _) => html! { {text} },
        };
        let key = match &cell.key {
            None => el("i", "muted", "null"),
            Some(key) => {
                let letter = glyphs.get(key).map_or('?', |glyph| glyph.letter);
                html! { <>{say("b", "", letter)}{" "}{key}</> }
            }
        };
        html! { <tr><td class="n">{cell.offset}</td><td class="n">{cell.leader_epoch}</td><td class="clip">{key}</td><td class="clip">{value}</td></tr> }
    };
    html! {
        <table class="recs"><thead><tr>{el("th", "n", "Offset")}{el("th", "n", "Epoch")}{el("th", "", "Key")}{el("th", "", "Value")}</tr></thead>
            <tbody>{for replica.cells.iter().rev().map(row)}</tbody></table>
    }
}
