import type { ReactNode } from 'react'

interface IconProps {
  size?: number
}

function icon(path: ReactNode, { size = 16 }: IconProps): ReactNode {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      {path}
    </svg>
  )
}

export const ChevronIcon = (props: IconProps) => icon(<path d="m4.5 6.5 3.5 3.5 3.5-3.5" />, props)
export const CheckIcon = (props: IconProps) => icon(<path d="m3.5 8.5 3 3 6-7" />, props)
export const CloseIcon = (props: IconProps) => icon(<path d="m4 4 8 8M12 4l-8 8" />, props)
export const SearchIcon = (props: IconProps) =>
  icon(
    <>
      <circle cx="7" cy="7" r="4.25" />
      <path d="m10.25 10.25 3.25 3.25" />
    </>,
    props,
  )
export const StarIcon = ({ filled, ...props }: IconProps & { filled?: boolean }) =>
  icon(
    <path
      fill={filled ? 'currentColor' : 'none'}
      d="m8 2 1.8 3.7 4.1.6-3 2.8.7 4-3.6-1.9-3.6 1.9.7-4-3-2.8 4.1-.6z"
    />,
    props,
  )
export const SunIcon = (props: IconProps) =>
  icon(
    <>
      <circle cx="8" cy="8" r="2.75" />
      <path d="M8 1.5v1M8 13.5v1M1.5 8h1M13.5 8h1M3.4 3.4l.7.7M11.9 11.9l.7.7" />
      <path d="M3.4 12.6l.7-.7M11.9 4.1l.7-.7" />
    </>,
    props,
  )
export const MoonIcon = (props: IconProps) =>
  icon(<path d="M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5z" />, props)
export const PersonIcon = (props: IconProps) =>
  icon(
    <>
      <circle cx="8" cy="5.5" r="2.5" />
      <path d="M3 13.5c.6-2.5 2.5-3.75 5-3.75s4.4 1.25 5 3.75" />
    </>,
    props,
  )
export const MenuIcon = (props: IconProps) =>
  icon(<path d="M2.5 4.5h11M2.5 8h11M2.5 11.5h11" />, props)
export const PenIcon = (props: IconProps) =>
  icon(<path d="m3 10.5-.5 3 3-.5 7.5-7.5-2.5-2.5zM9 4.5 11.5 7" />, props)
export const SwapIcon = (props: IconProps) =>
  icon(<path d="M5 2.5 2.5 5 5 7.5M2.5 5h11M11 8.5l2.5 2.5-2.5 2.5M13.5 11h-11" />, props)
export const GearIcon = (props: IconProps) =>
  icon(
    <>
      <path d="M2.5 4.5h6M12 4.5h1.5M2.5 11.5H4M7.5 11.5h6" />
      <circle cx="10.25" cy="4.5" r="1.5" />
      <circle cx="5.75" cy="11.5" r="1.5" />
    </>,
    props,
  )
export const EyeIcon = ({ crossed, ...props }: IconProps & { crossed?: boolean }) =>
  icon(
    <>
      <path d="M1.75 8S4 3.75 8 3.75 14.25 8 14.25 8 12 12.25 8 12.25 1.75 8 1.75 8z" />
      <circle cx="8" cy="8" r="1.75" />
      {crossed ? <path d="m2.75 13.25 10.5-10.5" /> : null}
    </>,
    props,
  )
export const CopyIcon = (props: IconProps) =>
  icon(
    <>
      <rect x="5.5" y="5.5" width="8" height="8" rx="1.5" />
      <path d="M10.5 5.5v-2a1 1 0 0 0-1-1h-6a1 1 0 0 0-1 1v6a1 1 0 0 0 1 1h2" />
    </>,
    props,
  )
export const KeyIcon = (props: IconProps) =>
  icon(
    <>
      <circle cx="5" cy="11" r="2.5" />
      <path d="m6.9 9.1 6.1-6.1M10 6l2 2M12 4l1.5 1.5" />
    </>,
    props,
  )
export const PlusIcon = (props: IconProps) => icon(<path d="M8 3v10M3 8h10" />, props)
