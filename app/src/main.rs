fn main() { let _ = yew::html!{ <p/> }; }
