"""Scrolling to what was just asked for: the newest turn of a conversation, the page in a narrow window."""

from __future__ import annotations

import uuid

import streamlit as st

NARROW_REM = 64
"""Below this width the page stands under the conversation and not beside it (the style is in `page_frame`)."""
_WISH = "bring-into-sight"
_SCRIPT = """
<script data-turn="%s">
setTimeout(() => {
  const part = document.querySelector('.st-key-%s');
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  if (!part || !(%s || window.innerWidth < %d * rem)) return;
  // Once, and again as it grows: a picture comes later. Whoever moves meanwhile goes where they want.
  const grown = new ResizeObserver(() => part.scrollIntoView({block: 'start'}));
  grown.observe(part);
  const leave = () => grown.disconnect();
  setTimeout(leave, 5000);
  for (const kind of ['wheel', 'pointerdown', 'keydown']) addEventListener(kind, leave, {once: true});
}, 150);
</script>
"""


def wish(key: str, *, is_always: bool = True) -> None:
    """Have the container with this key in sight once the page is drawn; else in narrow windows alone."""
    st.session_state[_WISH] = (key, is_always)


def fulfil() -> None:
    """Scroll to what was wished for since the page was last drawn. The script is ours: only keys of ours go in."""
    if _WISH in st.session_state:
        key, is_always = st.session_state.pop(_WISH)
        turn = uuid.uuid4().hex[:8]  # another text each time: the same would not be run again
        script = _SCRIPT % (turn, key, "true" if is_always else "false", NARROW_REM)
        st.html(script, unsafe_allow_javascript=True)
