// Everything a deck needs lies in its own file: no emoji pictures, formula fonts or scripts from elsewhere.
export default {
  html: true, // diagrams are drawn into the text as SVG
  lang: 'en',
  themeSet: ['theme.css'],
  options: {
    emoji: { shortcode: false, unicode: false },
    math: false,
  },
}
