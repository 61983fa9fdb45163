//! Offset Zero's page. It shows what the engine's view says and asks the engine what a person wants; it computes no Kafka
//! fact and holds no engine type but those of the crate `wire`.

mod bridge;
mod charts;
mod ctx;
mod fetch;
mod home;
mod icons;
mod json;
mod keys;
mod lesson;
mod microscope;
mod order;
mod panels;
mod player;
mod root;
mod share;
mod stage;
mod store;
mod svg;
mod terminal;
mod text;
mod theme;
mod timeline;
mod ui;

/// A tenth of the code of the standard library's.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static MEMORY: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

fn main() {
    console_error_panic_hook::set_once();
    let document = gloo_utils::document();
    match document.get_element_by_id("app") {
        Some(place) => {
            place.set_text_content(None);
            yew::Renderer::<root::App>::with_root(place).render();
        }
        None => {
            yew::Renderer::<root::App>::new().render();
        }
    }
}
