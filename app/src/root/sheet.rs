//! On a narrow page lesson, inspector and terminal share one sheet under the stage: its tabs, its grip, its chips.

use std::rc::Rc;

use wire::lesson::LessonView;
use yew::prelude::*;

use crate::ctx::Handle;
use crate::store::{Model, Tp};
use crate::text::el;
use crate::ui::{Ask, Height, Sheet, label};

/// A drag of so many pixels changes the sheet's height; a shorter one is a tap.
const DRAG: i32 = 24;

pub struct Props {
    pub shown: Sheet,
    pub height: Height,
    pub lesson: Option<Rc<LessonView>>,
    pub focus: Option<Tp>,
    pub handle: Handle,
}

pub fn tabs(props: &Props) -> Html {
    let tab = |sheet: Sheet, name: String| {
        let on = sheet == props.shown;
        let onclick = props.handle.ui.reform(move |_: MouseEvent| Ask::Sheet(sheet));
        html! { <button role="tab" class={classes!(on.then_some("on"))} aria-selected={on.to_string()} {onclick}>{name}</button> }
    };
    let about = props.focus.as_ref().map_or("Cluster".to_owned(), label);
    html! {
        <div class="stabs">
            {grip(props)}
            <div class="row" role="tablist" aria-label="Sheet">
                if props.lesson.is_some() { {tab(Sheet::Lesson, "Lesson".into())} }
                {tab(Sheet::Inspector, about)}
                {tab(Sheet::Terminal, "Terminal".into())}
                <span class="grow"/>
                if let Some(lesson) = &props.lesson {
                    {el("span", "muted num", format!("Step {} of {}", lesson.step + 1, lesson.steps.len()))}
                }
            </div>
        </div>
    }
}

/// A tap goes to the next height, a drag in its direction.
fn grip(props: &Props) -> Html {
    let from = std::rc::Rc::new(std::cell::Cell::new(0));
    let down = {
        let from = from.clone();
        Callback::from(move |event: PointerEvent| from.set(event.client_y()))
    };
    let height = props.height;
    let up = props.handle.ui.reform(move |event: PointerEvent| {
        let moved = event.client_y() - from.get();
        Ask::SheetHeight(match moved {
            moved if moved <= -DRAG => height.higher(),
            moved if moved >= DRAG => height.lower(),
            _ => height.next(),
        })
    });
    // The pointer has its own handlers; a press by key is a click without them.
    let key = props.handle.ui.reform(move |event: KeyboardEvent| match event.key().as_str() {
        "ArrowUp" => Ask::SheetHeight(height.higher()),
        "ArrowDown" => Ask::SheetHeight(height.lower()),
        "Enter" | " " => Ask::SheetHeight(height.next()),
        _ => Ask::SheetHeight(height),
    });
    html! { <button class="grab" aria-label="Height of the sheet" onpointerdown={down} onpointerup={up} onkeydown={key}><i/></button> }
}

pub struct ChipProps {
    pub model: Model,
    pub focus: Option<Tp>,
    pub handle: Handle,
}

/// Lines that are one touch away where typing is slow.
pub fn chips(props: &ChipProps) -> Html {
    let mut lines: Vec<(String, String)> = vec![];
    const TOPICS: &str = "kafka-topics.sh --bootstrap-server localhost:9092";
    match &props.focus {
        Some((topic, _)) => {
            lines.push((format!("describe {topic}"), format!("{TOPICS} --describe --topic {topic}")));
            let send = "kafka-console-producer.sh --bootstrap-server localhost:9092 --topic";
            lines.push(("send 1 record".into(), format!("echo hello | {send} {topic}")));
        }
        None => lines.push(("create orders".into(), format!("{TOPICS} --create --topic orders --partitions 3"))),
    }
    lines.push(("list topics".into(), format!("{TOPICS} --list")));
    let chip = |(name, line): &(String, String)| {
        let (handle, line) = (props.handle.clone(), line.clone());
        let onclick = Callback::from(move |_: MouseEvent| handle.type_line("t1", &line));
        html! { <button class="c" {onclick}>{name}</button> }
    };
    let down = props.model.brokers.values().filter(|broker| broker.state == wire::view::ServerState::Down);
    let starts = down.map(|broker| {
        let (handle, host) = (props.handle.clone(), format!("b{}", broker.id));
        let onclick = Callback::from(move |_: MouseEvent| handle.fault(wire::Fault::Start(host.clone())));
        html! { <button class="c" {onclick}>{format!("start broker {}", broker.id)}</button> }
    });
    html! { <div class="chips" role="group" aria-label="Commands">{for lines.iter().map(chip)}{for starts}</div> }
}
