export default {
  template: `<time v-if="at !== null" :datetime="new Date(at).toISOString()" :title="exact">{{ relative }}</time>
             <span v-else>{{ none }}</span>`,
  props: { at: { type: Number, default: null }, none: String },
  computed: {
    relative() {
      return window.edgeguard.relative(this.at);
    },
    exact() {
      return window.edgeguard.exact(this.at);
    },
  },
};
